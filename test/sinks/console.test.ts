import { PassThrough, Writable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../lib/change/event.ts";
import { sinkName } from "../../lib/core/names.ts";
import { lineSink } from "../../lib/sinks/console.ts";
import { withoutVisibleSigns } from "../text/visible-signs.ts";
import { running, sampleEvent, sampleEvents } from "./sample.ts";

async function written(format: "text" | "json", ...events: readonly CloudEvent[]): Promise<string> {
  const output = new PassThrough();
  await lineSink(sinkName("screen"), { format }, output).deliver(events, running());
  return output.read()?.toString() ?? "";
}

describe("the console sink", () => {
  it("writes one line an event as text", async () => {
    expect(await written("text", sampleEvent())).toBe(
      "2026-01-01T00:00:00.000Z  bindInstancePublicIp  EXECUTING -> SUCCESS  rabbitmq/i-0001  t-0001\n",
    );
  });

  it("leaves out what a task was before it was seen", async () => {
    const event = sampleEvent();
    const first = { ...event, data: { ...event.data, change: { ...event.data.change, from: null } } };
    expect(await written("text", first)).toContain("  bindInstancePublicIp  SUCCESS  ");
  });

  it("writes one line an event as JSON", async () => {
    const lines = (await written("json", ...sampleEvents(2))).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(sampleEvents(2));
  });

  it("shows a coloured name without its colours", async () => {
    const event = sampleEvent(1, { name: "\u001b[31mred\u001b[0m" });
    expect(await written("text", event)).toContain("  red  ");
  });

  const name = fc.string({
    unit: fc.constantFrom("\u001b[2J", "\r", "\n", "\u009b", "\u202e", "\u2028", "\ud800", "a", "绑"),
  });

  it.each(["text", "json"] as const)(
    "lets no task's name forge a line or move the cursor as %s",
    async (format) => {
      await fc.assert(
        fc.asyncProperty(name, async (forged) => {
          const line = await written(format, sampleEvent(1, { name: forged }));
          expect(withoutVisibleSigns(line)).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*\n$/u);
          if (format === "json") expect(JSON.parse(line).data.task.name).toBe(forged);
        }),
      );
    },
  );

  it("waits until the output has taken the lines", async () => {
    let take = (): void => {};
    const output = new Writable({
      write: (_chunk, _encoding, done) => {
        take = done;
      },
    });
    let isDone = false;
    const delivery = lineSink(sinkName("screen"), { format: "text" }, output).deliver(
      [sampleEvent()],
      running(),
    );
    const marked = delivery.then(() => {
      isDone = true;
    });
    await new Promise(setImmediate);
    expect(isDone).toBe(false);
    take();
    await marked;
    expect(await delivery).toEqual([{ kind: "accepted" }]);
  });

  it("is blocked by a closed output", async () => {
    const output = new PassThrough();
    output.destroy();
    const results = await lineSink(sinkName("screen"), { format: "text" }, output).deliver(
      sampleEvents(2),
      running(),
    );
    expect(results).toMatchObject(Array(2).fill({ kind: "blocked", reason: "gone" }));
  });

  it("keeps its events while the output has no space", async () => {
    const full = Object.assign(new Error("write ENOSPC"), { code: "ENOSPC" });
    const output = new Writable({ write: (_chunk, _encoding, done) => done(full) });
    const sink = lineSink(sinkName("screen"), { format: "text" }, output);
    const results = await sink.deliver([sampleEvent()], running());
    expect(results).toMatchObject([{ kind: "retry", reason: "server_error" }]);
  });

  it("throws what no output causes", async () => {
    const defect = new TypeError("a defect");
    const output = new Writable({ write: (_chunk, _encoding, done) => done(defect) });
    const sink = lineSink(sinkName("screen"), { format: "text" }, output);
    await expect(sink.deliver([sampleEvent()], running())).rejects.toBe(defect);
  });
});
