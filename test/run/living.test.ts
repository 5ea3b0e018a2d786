import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { taskId } from "../../lib/core/names.ts";
import { createdMs, sampleTask } from "../change/sample.ts";
import { ops } from "../checkpoint/sample.ts";
import { scriptedSink } from "../harness/scripted-sink.ts";
import { streamHarness } from "../harness/stream.ts";

/** A chat as its readers see it: messages that are posted once and edited from then on. */
function chatRoom() {
  const messages: string[] = [];
  const sink = {
    ...scriptedSink(ops),
    deliver: (async (events, { messages: places }) =>
      events.map(({ subject, data }) => {
        const place = Number(places?.get(subject) ?? messages.length);
        messages[place] = `${subject} ${data.change.to}`;
        return { kind: "accepted" as const, message: String(place) };
      })) satisfies ReturnType<typeof scriptedSink>["deliver"],
  };
  return { messages, sink };
}

const task = (id: string, status: string, updatedAtMs = createdMs) =>
  sampleTask({ id: taskId(id), status, createdAtMs: createdMs, updatedAtMs });

describe("a task's living message", () => {
  it("is posted once and edited by later runs, each of which knows only the record", async () => {
    const { messages, sink } = chatRoom();
    const { run, show } = streamHarness([sink]);
    for (const [index, status] of ["CREATED", "EXECUTING", "SUCCESS"].entries()) {
      show(task("a", status, createdMs + index), task("b", status, createdMs + index));
      await run();
    }
    expect(messages).toEqual(["a SUCCESS", "b SUCCESS"]);
  });

  it("is edited by the later of two changes of one run", async () => {
    const { messages, sink } = chatRoom();
    const { run, show } = streamHarness([sink], { overdueAfterMs: () => 0 });
    show(sampleTask({ id: taskId("a"), createdAtMs: createdMs - 1 }));
    await run();
    expect(messages).toEqual(["a OVERDUE"]);
  });

  it("comes once more, and not more often, when a run dies between the post and its commit", async () => {
    const { messages, sink } = chatRoom();
    const { run, begin, show, checkpoints, clock, record } = streamHarness([sink]);
    show(task("a", "EXECUTING"));
    // The record that settles is on its way when the process is killed.
    const dying: typeof checkpoints = {
      ...checkpoints,
      commit: (stream, next, expected) =>
        next.messages.size > 0 ? new Promise(() => {}) : checkpoints.commit(stream, next, expected),
    };
    void begin({ checkpoints: dying });
    while (messages.length === 0) await turn();
    expect((await record())?.messages.size).toBe(0);

    await clock.advance(60_000);
    await run();
    expect(messages).toEqual(["a EXECUTING", "a EXECUTING"]);
    show(task("a", "FAILED", createdMs + 1));
    await run();
    show(task("a", "EXECUTING", createdMs + 2));
    await run();
    show(task("a", "SUCCESS", createdMs + 3));
    await run();
    expect(messages).toEqual(["a EXECUTING", "a SUCCESS"]);
  });

  it("is forgotten with its task", async () => {
    const { sink } = chatRoom();
    const { run, show, clock, record } = streamHarness([sink]);
    show(task("a", "SUCCESS"));
    await run();
    expect((await record())?.messages.size).toBe(1);
    await clock.advance(3_600_000);
    show(sampleTask({ id: taskId("b"), status: "SUCCESS", createdAtMs: createdMs + 3_500_000 }));
    await run();
    expect([...((await record())?.messages.keys() ?? [])]).toEqual(["b"]);
  });
});
