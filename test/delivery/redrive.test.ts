import { describe, expect, it } from "vitest";
import { smallRoomBytes } from "../../lib/checkpoint/room.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { redrive } from "../../lib/delivery/redrive.ts";
import { memoryCheckpoints, memoryDeadLetters } from "../../lib/stores/memory.ts";
import { chat, entry, key, ops } from "../checkpoint/sample.ts";
import { letter } from "../contract/dead-letter-store.ts";
import { manualClock } from "../harness/clock.ts";

function setUp({ maxBacklog = 9 } = {}) {
  const deps = {
    checkpoints: memoryCheckpoints(),
    deadLetters: memoryDeadLetters(),
    sinks: new Set([ops]),
    maxBacklog,
    maxBytes: smallRoomBytes,
    clock: manualClock(5_000),
  };
  const outbox = async () => (await deps.checkpoints.load(key))?.checkpoint.outbox ?? [];
  return { deps, outbox };
}

describe("a redrive", () => {
  it("owes the letters of configured sinks again, and leaves the others where they are", async () => {
    const { deps, outbox } = setUp();
    await deps.checkpoints.commit(key, begin("all", 0, 0), null);
    await deps.deadLetters.put([letter(1), letter(2, chat)]);
    expect(await redrive(deps, {})).toEqual({ redriven: 1, left: 0 });
    expect((await outbox()).map(({ sequence, committedAtMs }) => [sequence, committedAtMs])).toEqual([
      [1, 5_000],
    ]);
    expect(await deps.deadLetters.list({})).toEqual([letter(2, chat)]);
  });

  it("keeps the letters of a stream whose record was reset", async () => {
    const { deps } = setUp();
    await deps.deadLetters.put([letter(1)]);
    expect(await redrive(deps, {})).toEqual({ redriven: 0, left: 0 });
    expect(await deps.deadLetters.list({})).toEqual([letter(1)]);
  });

  it("puts back the oldest as far as the backlog has room, and the others when there is room again", async () => {
    const { deps, outbox } = setUp({ maxBacklog: 2 });
    await deps.checkpoints.commit(key, { ...begin("all", 0, 0), outbox: [entry(9, "t9")] }, null);
    await deps.deadLetters.put([letter(3), letter(1), letter(2)]);
    expect(await redrive(deps, {})).toEqual({ redriven: 1, left: 2 });
    expect((await outbox()).map(({ sequence }) => sequence)).toEqual([1, 9]);
    expect(await redrive(deps, {})).toEqual({ redriven: 0, left: 2 });
    expect(await deps.deadLetters.list({})).toEqual([letter(3), letter(2)]);
    await redrive({ ...deps, maxBacklog: 9 }, {});
    expect((await outbox()).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 9]);
  });

  it("counts the backlog of each sink by itself", async () => {
    const { deps } = setUp({ maxBacklog: 1 });
    await deps.checkpoints.commit(key, { ...begin("all", 0, 0), outbox: [entry(9, "t9", [chat])] }, null);
    await deps.deadLetters.put([letter(1), letter(2, chat)]);
    const both = { ...deps, sinks: new Set([ops, chat]) };
    expect(await redrive(both, {})).toEqual({ redriven: 1, left: 1 });
    expect(await deps.deadLetters.list({})).toEqual([letter(2, chat)]);
  });

  it("takes away a letter that an interrupted one has put back, however full the backlog is", async () => {
    const { deps, outbox } = setUp({ maxBacklog: 1 });
    await deps.checkpoints.commit(key, begin("all", 0, 0), null);
    await deps.deadLetters.put([letter(1)]);
    const cut = { ...deps.deadLetters, remove: () => Promise.reject(new Error("killed")) };
    await expect(redrive({ ...deps, deadLetters: cut }, {})).rejects.toThrow("killed");
    expect(await redrive(deps, {})).toEqual({ redriven: 1, left: 0 });
    expect((await outbox()).map(({ sequence }) => sequence)).toEqual([1]);
    expect(await deps.deadLetters.list({})).toEqual([]);
  });
});
