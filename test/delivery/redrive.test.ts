import { describe, expect, it } from "vitest";
import { memoryCheckpoints } from "../../lib/checkpoint/memory.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { memoryDeadLetters } from "../../lib/delivery/dead-letters-memory.ts";
import { redrive } from "../../lib/delivery/redrive.ts";
import { manualClock } from "../../lib/simulator/clock.ts";
import { chat, key, ops } from "../checkpoint/sample.ts";
import { letter } from "../contract/dead-letter-store.ts";

function stage() {
  const deps = {
    checkpoints: memoryCheckpoints(),
    deadLetters: memoryDeadLetters(),
    sinks: new Set([ops]),
    clock: manualClock(5_000),
  };
  const outbox = async () => (await deps.checkpoints.load(key))?.checkpoint.outbox ?? [];
  return { deps, outbox };
}

describe("a redrive", () => {
  it("owes the letters of configured sinks again, and leaves the others where they are", async () => {
    const { deps, outbox } = stage();
    await deps.checkpoints.commit(key, begin("all", 0, 0), null);
    await deps.deadLetters.put([letter(1), letter(2, chat)]);
    expect(await redrive(deps, {})).toBe(1);
    expect((await outbox()).map(({ sequence, committedAtMs }) => [sequence, committedAtMs])).toEqual([
      [1, 5_000],
    ]);
    expect(await deps.deadLetters.list({})).toEqual([letter(2, chat)]);
  });

  it("keeps the letters of a stream whose record was reset", async () => {
    const { deps } = stage();
    await deps.deadLetters.put([letter(1)]);
    expect(await redrive(deps, {})).toBe(0);
    expect(await deps.deadLetters.list({})).toEqual([letter(1)]);
  });
});
