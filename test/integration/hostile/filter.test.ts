import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { compileFilter } from "../../../lib/filter/filter.ts";
import { sampleEvent } from "../../checkpoint/sample.ts";
import { deep, isUnpolluted, longForm, nastyJson, numRuns, place, refusal, replaced } from "./values.ts";

afterEach(() => expect(isUnpolluted()).toBe(true));

describe("an event filter", longForm, () => {
  const keys = fc.constantFrom(
    "type",
    "data",
    "task",
    "status",
    "$or",
    "prefix",
    "suffix",
    "wildcard",
    "anything-but",
    "numeric",
    "exists",
    "cidr",
    "equals-ignore-case",
  );
  const pattern = {
    type: [{ prefix: "com." }, { wildcard: "*a*b" }],
    $or: [
      { data: { task: { status: ["FAILED"] } } },
      { data: { change: { durationMs: [{ numeric: [">", 0, "<", 9] }] } } },
    ],
    data: { task: { params: { ip: [{ cidr: "10.0.0.0/8" }, { exists: false }] } } },
  };

  async function tryOut(written: unknown, params: unknown): Promise<void> {
    const said = await refusal(() => {
      const filter = compileFilter(written);
      const event = sampleEvent();
      const given = { ...event, data: { ...event.data, task: { ...event.data.task, params } } };
      const { matches, checks } = filter.explain(given);
      expect(matches).toBe(filter.matches(given));
      expect(checks.every(({ passed }) => passed)).toBe(matches);
    });
    expect(said?.length ?? 0).toBeLessThan(100_000);
  }

  it("of anything is refused, or decides and explains", async () => {
    await fc.assert(fc.asyncProperty(nastyJson(keys), nastyJson(keys), tryOut), { numRuns });
  });

  it("with anything in one place does too", async () => {
    await fc.assert(
      fc.asyncProperty(place, nastyJson(keys), nastyJson(keys), (steps, instead, params) =>
        tryOut(replaced(pattern, steps, instead), params),
      ),
      { numRuns },
    );
  });

  it("copes with what is very deep", async () => {
    await tryOut(
      deep(5_000, (a) => ({ a })),
      null,
    );
    await tryOut(
      pattern,
      deep(5_000, (ip) => ({ ip })),
    );
    await tryOut(pattern, { ip: deep(5_000, (inner) => [inner]) });
  });
});
