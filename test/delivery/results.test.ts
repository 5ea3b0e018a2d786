import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCheckpoint, encodeCheckpoint } from "../../lib/checkpoint/codec.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { resultsOf } from "../../lib/delivery/results.ts";
import { sampleTask } from "../change/sample.ts";
import { chat, key, ops } from "../checkpoint/sample.ts";
import { scriptedSink } from "../harness/scripted-sink.ts";
import { streamHarness } from "../harness/stream.ts";

describe("what a sink answers", () => {
  it.each<[string, readonly DeliveryResult[]]>([
    ["an acceptance", [{ kind: "accepted" }]],
    ["an acceptance with its message", [{ kind: "accepted", message: "C1/17" }]],
    [
      "a retry",
      [{ kind: "retry", reason: "throttled", detail: "slow down", status: 429, retryAfterMs: 2_000 }],
    ],
    ["a block", [{ kind: "blocked", reason: "unauthorized", detail: "no", status: 401 }]],
    ["a refusal", [{ kind: "permanent", reason: "rejected", detail: "bad", status: 422 }]],
  ])("is taken as it is: %s", (_, results) => {
    expect(resultsOf(results, 1)).toEqual(results);
  });

  it.each([
    ["nothing", undefined, "the sink answered nothing for 1 events"],
    ["a text", "accepted", 'the sink answered "accepted" for 1 events'],
    ["too few results", [], "the sink answered 0 results for 1 events"],
    [
      "an unknown kind",
      [{ kind: "nonsense" }],
      'the sink answered "nonsense" as kind, expected one of accepted, retry, blocked, permanent',
    ],
    [
      "a result that is none",
      [null],
      "the sink answered nothing as kind, expected one of accepted, retry, blocked, permanent",
    ],
    [
      "a retry without its reason",
      [{ kind: "retry", detail: "later" }],
      expect.stringMatching(/^the sink answered nothing as reason, expected one of timeout, network, /),
    ],
    [
      "a reason of its own",
      [{ kind: "permanent", reason: "my_reason", detail: "x" }],
      expect.stringContaining('"my_reason" as reason'),
    ],
    [
      "a detail that is no text",
      [{ kind: "blocked", reason: "rejected", detail: 42 }],
      "the sink answered a value of type number as detail, expected text",
    ],
  ])("is tried again, with the mistake named: %s", (_, answer, detail) => {
    expect(resultsOf(answer, 1)).toEqual([{ kind: "retry", reason: "defect", detail }]);
  });

  it("keeps its refusal without a status or delay that is none, and its detail short and on one line", () => {
    const refusal = { kind: "retry", reason: "network", detail: `a\n${"b".repeat(3_000_000)}` };
    const [result] = resultsOf([{ ...refusal, status: "500", retryAfterMs: Number.NaN }], 1);
    expect(result).toEqual({
      kind: "retry",
      reason: "network",
      detail: expect.stringMatching(/^a b{997}…$/),
    });
  });

  it("whatever it is, ends neither the run nor another sink's part, and leaves a record that can be read", async () => {
    const odd = fc.oneof(
      fc.anything(),
      fc.array(fc.anything(), { minLength: 1, maxLength: 1 }),
      fc
        .record({
          kind: fc.constantFrom("accepted", "retry", "blocked", "permanent", "odd"),
          reason: fc.oneof(fc.constantFrom("network", "mine"), fc.anything()),
          detail: fc.anything(),
          status: fc.anything(),
          retryAfterMs: fc.anything(),
          message: fc.anything(),
        })
        .map((result) => [result]),
    );
    await fc.assert(
      fc.asyncProperty(odd, async (answer) => {
        const healthy = scriptedSink(ops);
        const { show, run } = streamHarness([
          { ...scriptedSink(chat), deliver: async () => answer as never },
          healthy,
        ]);
        show(sampleTask());
        const { error, checkpoint } = await run();
        expect(error).toBeNull();
        expect(healthy.accepted).toHaveLength(1);
        if (checkpoint) decodeCheckpoint(key, encodeCheckpoint(key, checkpoint));
      }),
      { numRuns: 300 },
    );
  });
});
