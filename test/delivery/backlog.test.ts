import { describe, expect, it } from "vitest";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { excessOf } from "../../lib/delivery/backlog.ts";
import { createdMs } from "../change/sample.ts";
import { chat, entry, key, ops } from "../checkpoint/sample.ts";

const policy = {
  attemptsPerRun: 3,
  initialDelayMs: 500,
  maxDelayMs: 60_000,
  maxRetryAfterMs: 60_000,
  maxAttempts: null,
  maxAgeMs: 10_000,
};
const outbox = [entry(1, "a", [ops, chat]), entry(2, "b", [ops]), entry(3, "c", [ops])];
const checkpoint = { ...begin("all", 0, 0), outbox };
const limits = { stream: key, policies: new Map([[ops, policy]]) };
const at = (nowMs: number) => ({ agingMs: nowMs, nowMs });
const told = (excess: ReturnType<typeof excessOf>) =>
  excess.deadLetters.map(({ id, reason }) => [id.split("/")[1], reason]);

describe("the excess of an outbox", () => {
  it("is nothing within the limits", () => {
    const both = { ...limits, policies: new Map([ops, chat].map((sink) => [sink, policy])) };
    expect(excessOf(both, checkpoint, at(createdMs))).toEqual({ deadLetters: [], receipts: [] });
  });

  it("is what a removed sink is owed", () => {
    const excess = excessOf(limits, checkpoint, at(createdMs));
    expect(excess.deadLetters).toMatchObject([
      {
        sink: chat,
        reason: "sink_removed",
        detail: "the sink is no longer configured",
        attempts: 0,
        sequence: 1,
        stream: key,
      },
    ]);
    expect(excess.receipts).toEqual([{ sequence: 1, sink: chat, pending: null }]);
  });

  it("is what is too old", () => {
    const excess = excessOf(limits, { ...checkpoint, outbox: outbox.slice(1) }, at(createdMs + 10_000));
    expect(told(excess)).toEqual([
      ["b", "too_old"],
      ["c", "too_old"],
    ]);
  });

  it("keeps count of the attempts, and says which limit it was", () => {
    const tried = { ...entry(1, "a"), pending: new Map([[ops, { attempts: 4, nextAttemptMs: 0 }]]) };
    const aged = excessOf(limits, { ...checkpoint, outbox: [tried] }, at(createdMs + 10_000));
    expect(aged.deadLetters).toMatchObject([{ attempts: 4, detail: "it is older than the limit" }]);
  });

  it("is never what is merely much", () => {
    const crowd = Array.from({ length: 5_000 }, (_, index) => entry(index, `t${index}`));
    expect(excessOf(limits, { ...checkpoint, outbox: crowd }, at(createdMs)).deadLetters).toEqual([]);
  });
});
