import type { Checkpoint, OutboxEntry } from "../../lib/checkpoint/checkpoint.ts";
import { type BatchId, decodeBatch, encodeBatch, type ParkedStore } from "../../lib/checkpoint/parked.ts";
import { StoreError } from "../../lib/core/errors.ts";
import type { StreamKey } from "../../lib/core/names.ts";
import { between } from "../../lib/simulator/random.ts";
import { type Crew, Violation } from "./history.ts";
import type { StoreTrouble } from "./store.ts";

/** What waits beside the records, as text, and every batch there ever was. */
export class ParkedRows {
  readonly #current = new Map<string, string>();
  readonly #ever = new Map<string, string>();

  get(stream: StreamKey, id: BatchId): string | undefined {
    return this.#current.get(rowOf(stream, id));
  }

  put(stream: StreamKey, id: BatchId, text: string): void {
    const row = rowOf(stream, id);
    const before = this.#ever.get(row);
    if (before !== undefined && before !== text)
      throw new Violation("no loss", `the batch ${row} is written twice`);
    this.#current.set(row, text);
    this.#ever.set(row, text);
  }

  remove(stream: StreamKey, id: BatchId): void {
    this.#current.delete(rowOf(stream, id));
  }

  ids(stream: StreamKey): readonly string[] {
    return [...this.#current.keys()].filter((row) => row.startsWith(`${stream} `));
  }

  /** As a backup does: a record comes back with what it names. */
  restore(): void {
    for (const [row, text] of this.#ever) this.#current.set(row, text);
  }

  /** The record as if all that it names were in its outbox. */
  whole(stream: StreamKey, record: Checkpoint): Checkpoint {
    const outbox = new Map(record.outbox.map((entry) => [keyOf(entry), entry]));
    for (const [sink, batches] of record.parked) {
      for (const { id, returned, count } of batches) {
        const text = this.get(stream, id);
        if (text === undefined)
          throw new Violation("no loss", `the record names ${id} of ${sink}, which is not stored`);
        const waiting = decodeBatch(stream, id, text).slice(returned);
        if (waiting.length !== count)
          throw new Violation("no loss", `${id} holds ${waiting.length}, not ${count}`);
        for (const delivery of waiting) {
          const held: OutboxEntry = outbox.get(keyOf(delivery)) ?? { ...delivery, pending: new Map() };
          const pending = new Map(held.pending).set(sink, { attempts: 0, nextAttemptMs: 0 });
          outbox.set(keyOf(delivery), { ...held, pending });
        }
      }
    }
    return { ...record, outbox: [...outbox.values()].sort((a, b) => a.sequence - b.sequence) };
  }
}

const rowOf = (stream: StreamKey, id: BatchId): string => `${stream} ${id}`;
const keyOf = ({ sequence, event }: Pick<OutboxEntry, "sequence" | "event">): string =>
  `${sequence} ${event.id}`;

/** One process's way to them. */
export function simulatedParked(rows: ParkedRows, crew: Crew, trouble: StoreTrouble): ParkedStore {
  const { process } = crew;
  const { random, faults } = process;
  const call = async <Result>(stream: StreamKey, effect: () => Result): Promise<Result> => {
    const fail = (message: string): never => {
      const deeds = crew.deeds.get(stream);
      if (deeds) deeds.storeFailed = true;
      throw new StoreError("unavailable", message);
    };
    if (trouble.isDown || random() < trouble.chance) {
      faults.hit("parked deliveries: unavailable");
      await process.wait(30);
      return fail("the parked deliveries are down");
    }
    const isReplyLost = random() < trouble.chance;
    const result = await process.call(between(random, 2, 20), effect);
    if (!isReplyLost) return result;
    faults.hit("parked deliveries: reply lost after the effect");
    return fail("no reply");
  };
  return {
    put: (stream, id, deliveries) => {
      const text = encodeBatch(stream, id, deliveries);
      return call(stream, () => rows.put(stream, id, text));
    },
    get: (stream, id) =>
      call(stream, () => {
        const text = rows.get(stream, id);
        return text === undefined ? null : decodeBatch(stream, id, text);
      }),
    remove: (stream, ids) =>
      call(stream, () => {
        for (const id of ids) rows.remove(stream, id);
      }),
    list: (stream) =>
      call(stream, () => rows.ids(stream).map((row) => row.slice(stream.length + 1) as BatchId)),
    close: async () => {},
  };
}
