import { describe, expect, it } from "vitest";
import { StoreError } from "../../lib/core/errors.ts";
import { taskId } from "../../lib/core/names.ts";
import { createdMs, sampleTask } from "../change/sample.ts";
import { chat, ops } from "../checkpoint/sample.ts";
import { accepted, refused, scriptedSink } from "../harness/scripted-sink.ts";
import { streamHarness } from "../harness/stream.ts";

describe("a run whose dead letters cannot be stored", () => {
  it("still tells the healthy sinks everything, settles them, and keeps what could not be given up", async () => {
    const bad = scriptedSink(ops, () => refused);
    const { clock, run, show, record, deadLetters } = streamHarness([
      bad,
      scriptedSink(chat, async (_, signal) => {
        await clock.sleep(1_000, signal);
        return signal.aborted ? refused : accepted;
      }),
    ]);
    show(
      ...Array.from({ length: 9 }, (_, index) =>
        sampleTask({ id: taskId(`t${index}`), createdAtMs: createdMs + index }),
      ),
    );
    const down = { ...deadLetters, put: () => Promise.reject(new StoreError("unavailable", "down")) };
    const outcome = await run({ deadLetters: down });
    expect(outcome.error).toMatchObject({ code: "STORE_FAILED" });
    expect(outcome.accepted.get(chat)).toBe(9);
    const pending = (await record())?.outbox.flatMap((entry) => [...entry.pending.keys()]);
    expect(new Set(pending)).toEqual(new Set([ops]));

    await run();
    expect((await record())?.outbox).toEqual([]);
    expect(await deadLetters.list({})).toHaveLength(9);
  });

  it("never sends a later change of a task past one that it could not give up", async () => {
    const sink = scriptedSink(ops, ({ data }) => (data.change.to === "OVERDUE" ? accepted : refused));
    const { run, show, deadLetters } = streamHarness([sink], { overdueAfterMs: () => 0 });
    show(sampleTask({ createdAtMs: createdMs - 1 }));
    const down = { ...deadLetters, put: () => Promise.reject(new StoreError("unavailable", "down")) };
    await run({ deadLetters: down });
    sink.answer = () => accepted;
    await run();
    expect(sink.accepted.map(({ data }) => data.change.to)).toEqual(["EXECUTING", "OVERDUE"]);
  });
});
