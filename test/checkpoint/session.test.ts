import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { CheckpointSession } from "../../lib/checkpoint/session.ts";
import type { CheckpointStore } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { memoryCheckpoints } from "../../lib/stores/memory.ts";
import { key } from "./sample.ts";

const first = begin("all", 0, 0);
const moved = (checkpoint: Checkpoint) => ({
  next: { ...checkpoint, watermarkMs: checkpoint.watermarkMs + 1 },
});
const unavailable = (message: RegExp) =>
  expect.objectContaining({ reason: "unavailable", message: expect.stringMatching(message) });

describe("a ledger", () => {
  it("opens with the first record, or with the one that is there", async () => {
    const store = memoryCheckpoints();
    expect(await new CheckpointSession(store, key).load()).toBeNull();
    expect(await new CheckpointSession(store, key).open(() => first)).toEqual(first);
    expect(await new CheckpointSession(store, key).open(() => ({ ...first, watermarkMs: 9 }))).toEqual(first);
  });

  it("commits from the record it holds, without loading it again", async () => {
    const store = memoryCheckpoints();
    let loads = 0;
    const counted: CheckpointStore = {
      ...store,
      load: (stream) => {
        loads += 1;
        return store.load(stream);
      },
    };
    await store.commit(key, first, null);
    const session = new CheckpointSession(counted, key);
    await session.open(() => first);
    await session.commit(moved);
    await session.commit(moved);
    expect([loads, session.checkpoint?.watermarkMs]).toEqual([1, 2]);
  });

  it("plans again from the newer record when another writer was first", async () => {
    const store = memoryCheckpoints();
    const [mine, theirs] = [new CheckpointSession(store, key), new CheckpointSession(store, key)];
    await mine.open(() => first);
    await theirs.open(() => first);
    await theirs.commit(moved);
    await mine.commit(moved);
    expect(mine.checkpoint?.watermarkMs).toBe(2);
  });

  it("loads the record when it commits before it was opened", async () => {
    const store = memoryCheckpoints();
    await store.commit(key, first, null);
    const session = new CheckpointSession(store, key);
    await session.commit(moved);
    expect(session.checkpoint?.watermarkMs).toBe(1);
  });

  it("writes nothing when the plan is to write nothing, and does what comes before a commit first", async () => {
    const store = memoryCheckpoints();
    const session = new CheckpointSession(store, key);
    await session.open(() => first);
    expect(await session.commit(() => null)).toBeNull();
    const seen: unknown[] = [];
    await session.commit(moved, async () => void seen.push((await store.load(key))?.checkpoint.watermarkMs));
    expect(seen).toEqual([0]);
  });

  it("gives up after twenty lost races", async () => {
    const store = memoryCheckpoints();
    let commits = 0;
    const contested: CheckpointStore = {
      ...store,
      commit: async () => {
        commits += 1;
        return { kind: "conflict" };
      },
    };
    await store.commit(key, first, null);
    const session = new CheckpointSession(contested, key);
    await expect(session.commit(moved)).rejects.toThrow(unavailable(/20 commits in a row/));
    expect(commits).toBe(20);
  });

  it("says that its record was removed", async () => {
    await expect(new CheckpointSession(memoryCheckpoints(), key).commit(moved)).rejects.toThrow(
      unavailable(/was removed/),
    );
  });
});
