import { describe, expect, it } from "vitest";
import { anyClockMs, openMs, owingMs } from "../../lib/checkpoint/activity.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { type StreamKey, streamKey, taskId } from "../../lib/core/names.ts";
import type { Stores } from "../../lib/stores/stores.ts";
import { sampleKnown } from "../change/sample.ts";
import { entry, stream } from "../checkpoint/sample.ts";
import { type ManualClock, manualClock } from "../harness/clock.ts";

const startMs = Date.parse("2026-03-01T00:00:00Z");
const quiet = begin("all", startMs, 0);
const open: Checkpoint = { ...quiet, known: new Map([[taskId("t1"), sampleKnown()]]) };
const owing: Checkpoint = { ...open, outbox: [entry(1, "t1")] };
const keyOf = (instanceId: string): StreamKey => streamKey({ ...stream, instanceId });

type Records = Pick<Stores, "checkpoints" | "activity">;

/** What every index of activity does. `make` opens an empty store whose commits bear the clock's instant. */
export function activityIndexContract(name: string, make: (clock: ManualClock) => Promise<Records>): void {
  const opened = async () => {
    const clock = manualClock(startMs);
    const { checkpoints, activity } = await make(clock);
    const commit = async (instance: string, record: Checkpoint): Promise<void> => {
      const version = (await checkpoints.load(keyOf(instance)))?.version ?? null;
      expect(await checkpoints.commit(keyOf(instance), record, version)).toMatchObject({ kind: "committed" });
    };
    const since = async (ms: number) => Object.fromEntries(await activity.activeSince(ms));
    return { clock, checkpoints, commit, since };
  };

  describe(`the index of the ${name} store`, () => {
    it("knows who owes and who only has an open task, for as long as they do", async () => {
      const { clock, commit, since } = await opened();
      await commit("quiet", quiet);
      await commit("open", open);
      await commit("owing", owing);
      await clock.advance(90 * 86_400_000);
      expect(await since(anyClockMs)).toEqual({ [keyOf("open")]: openMs, [keyOf("owing")]: owingMs });
      expect(await since(openMs)).toEqual({ [keyOf("owing")]: owingMs });
      await commit("owing", open);
      await commit("open", quiet);
      expect(await since(anyClockMs)).toEqual({ [keyOf("owing")]: openMs });
    });

    it("knows each stream's last commit otherwise, and every record since the beginning of time", async () => {
      const { clock, commit, since } = await opened();
      await commit("a", quiet);
      await clock.advance(60_000);
      await commit("b", quiet);
      expect(await since(startMs)).toEqual({ [keyOf("b")]: startMs + 60_000 });
      expect(await since(0)).toEqual({ [keyOf("a")]: startMs, [keyOf("b")]: startMs + 60_000 });
    });

    it("has nothing of a commit that was refused, nor of a record that was reset", async () => {
      const { checkpoints, commit, since } = await opened();
      await commit("a", quiet);
      await commit("b", owing);
      expect(await checkpoints.commit(keyOf("a"), owing, null)).toEqual({ kind: "conflict" });
      await checkpoints.reset(keyOf("b"));
      expect(await since(anyClockMs)).toEqual({});
    });
  });
}
