import { describe, expect, it } from "vitest";
import { Channel } from "../../lib/delivery/channel.ts";
import { RateLimit } from "../../lib/delivery/rate-limit.ts";
import { ops } from "../checkpoint/sample.ts";
import { manualClock } from "../simulator/clock.ts";
import { failing, policy } from "./dispatcher-stage.ts";
import { accepted, busy, locked, refused, scriptedSink } from "./scripted-sink.ts";

function open({ rate = null, concurrency = 8 }: { rate?: RateLimit | null; concurrency?: number } = {}) {
  const clock = manualClock(0);
  return { clock, channel: new Channel({ sink: scriptedSink(ops), policy, concurrency, rate, clock }) };
}

describe("the way to a sink", () => {
  it("is open after an answer that refuses its event: the sink is well", () => {
    const { channel } = open();
    for (const result of [busy, busy, refused, busy, busy]) {
      channel.begin(1);
      channel.end([result]);
    }
    expect([channel.state, channel.trouble]).toEqual(["open", null]);
  });

  it("knows what the last delivery that did not pass was told", () => {
    const { channel } = open();
    expect(channel.problem).toBeNull();
    for (const result of [busy, accepted, refused]) {
      channel.begin(1);
      channel.end([result]);
    }
    expect(channel.problem).toBe("HTTP 503");
  });

  it("rests for as long as an answer asks that blocks", () => {
    const { channel } = open();
    channel.begin(1);
    channel.end([{ kind: "blocked", reason: "not_found", detail: "a page", retryAfterMs: 600_000 }]);
    expect(channel.trouble).toMatchObject({ kind: "blocked", notBeforeMs: 600_000 });
  });

  it("stays closed for the run, whatever was under way is accepted then", () => {
    const { channel } = open();
    channel.begin(1);
    channel.begin(1);
    channel.end([locked]);
    channel.end([accepted]);
    expect([channel.state, channel.trouble?.kind]).toEqual(["closed", "blocked"]);
    expect(channel.opensAtMs(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it("counts nothing that the end of a run cut off", () => {
    const { channel } = open();
    for (let time = 0; time < 5; time++) {
      channel.begin(1);
      channel.end([]);
    }
    channel.begin(1);
    channel.end([busy]);
    expect([channel.state, channel.trouble]).toEqual(["open", null]);
  });

  it("remembers since when a sink fails over a probe that fails too", async () => {
    const { channel, clock } = open();
    channel.recall({ ...failing, sinceMs: -60_000 });
    await clock.advance(1_000);
    channel.begin(1);
    channel.end([busy]);
    expect(channel.trouble).toMatchObject({ sinceMs: -60_000 });
    const { channel: other, clock: time } = open();
    await time.advance(1_000);
    other.begin(1);
    other.end([locked]);
    expect(other.trouble).toMatchObject({ sinceMs: 1_000 });
  });

  it("has one place while a probe is what it wants", () => {
    const { channel } = open();
    channel.recall(failing);
    expect(channel.hasPlace).toBe(true);
    channel.begin(1);
    expect(channel.hasPlace).toBe(false);
    channel.end([accepted]);
    for (let place = 0; place < 8; place++) {
      expect(channel.hasPlace).toBe(true);
      channel.begin(1);
    }
    expect(channel.hasPlace).toBe(false);
  });

  it("counts a span of its rate from the first event of it, not from the last", async () => {
    const { channel, clock } = open({ rate: new RateLimit({ events: 2, perMs: 1_000 }) });
    expect(channel.opensAtMs(clock.now())).toBe(0);
    channel.begin(1);
    await clock.advance(900);
    expect(channel.opensAtMs(clock.now())).toBe(900);
    channel.begin(1);
    expect(channel.opensAtMs(clock.now())).toBe(1_000);
  });
});
