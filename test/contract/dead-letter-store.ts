import { describe, expect, it } from "vitest";
import type { SinkName } from "../../lib/core/names.ts";
import type { DeadLetter, DeadLetterStore } from "../../lib/delivery/dead-letters.ts";
import { deadLetterOf } from "../../lib/delivery/dead-letters.ts";
import { parseExactJson } from "../../lib/text/json.ts";
import { createdMs } from "../change/sample.ts";
import { chat, entry, key, ops } from "../checkpoint/sample.ts";

export const letter = (sequence: number, sink: SinkName = ops): DeadLetter =>
  deadLetterOf(key, sink, entry(sequence, `t${sequence}`), {
    reason: "rejected",
    detail: "HTTP 400",
    attempts: 2,
    nowMs: createdMs + sequence,
  });

/** What every store of dead letters does. `make` opens an empty one. */
export function deadLetterStoreContract(name: string, make: () => Promise<DeadLetterStore>): void {
  describe(`the ${name} dead letters`, () => {
    it("give back what was put, oldest first, by sink and by id", async () => {
      const store = await make();
      await store.put([letter(1), letter(2, chat), letter(3)]);
      const id = letter(3).id;
      expect(await store.list({})).toEqual([letter(1), letter(2, chat), letter(3)]);
      expect(await store.list({ sink: chat })).toEqual([letter(2, chat)]);
      expect(await store.list({ id })).toEqual([letter(3)]);
      expect(await store.list({ sink: chat, id })).toEqual([]);
      expect(await store.list({ givenUpBeforeMs: createdMs + 2 })).toEqual([letter(1)]);
      expect(await store.list({ givenUpSinceMs: createdMs + 2 })).toEqual([letter(2, chat), letter(3)]);
      expect(await store.list({ sink: ops, reason: "rejected" })).toEqual([letter(1), letter(3)]);
      expect(await store.list({ reason: "too_old" })).toEqual([]);
      await store.close();
    });

    it("keep an event's numbers as the API wrote them", async () => {
      const store = await make();
      const { event, ...rest } = letter(1);
      const params = parseExactJson('{"offset":9223372036854775807,"ratio":0.10}');
      const written = {
        ...rest,
        event: { ...event, data: { ...event.data, task: { ...event.data.task, params } } },
      };
      await store.put([written]);
      expect(JSON.stringify(await store.list({}))).toBe(JSON.stringify([written]));
      await store.close();
    });

    it("hold a letter once, however often it is put, until it is removed", async () => {
      const store = await make();
      await store.put([letter(1), letter(2)]);
      await store.put([{ ...letter(1), attempts: 9 }]);
      expect((await store.list({ id: letter(1).id })).map(({ attempts }) => attempts)).toEqual([9]);
      await store.remove([letter(1).id, "unknown"]);
      expect(await store.list({})).toEqual([letter(2)]);
      await store.close();
    });
  });
}
