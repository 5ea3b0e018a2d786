import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { loadConfigValue } from "../../../lib/config/load.ts";
import { parseJson, parseYaml } from "../../../lib/config/read/text.ts";
import { variable } from "../../config/sample.ts";
import {
  deep,
  isUnpolluted,
  longForm,
  nastyJson,
  nastyText,
  numRuns,
  place,
  refusal,
  replaced,
} from "./values.ts";

afterEach(() => expect(isUnpolluted()).toBe(true));

describe("a configuration", longForm, () => {
  const secrets = ["SK-0f3a9c", "TOKEN-77ab12", "HEADER-5e21dd", "PATH-91cc0e"] as const;
  const fromEnvironment = "ENVIRONMENT-3b7f";
  const whole = {
    sources: [
      {
        engine: "rabbitmq",
        region: "cn-north-4",
        projectId: "p1",
        instances: ["i1", "i2"],
        credentials: { ak: "AK", sk: secrets[0], securityToken: secrets[1] },
        lookback: "15m",
        overdue: { "*": "1h" },
      },
    ],
    checkpoint: { type: "memory" },
    delivery: { maxAge: "7d" },
    sinks: {
      ops: {
        type: "webhook",
        url: `https://example.com/${secrets[3]}`,
        headers: { authorization: secrets[2] },
        filter: { type: [{ prefix: "com.huaweicloud." }] },
        retry: { maxAttempts: 3 },
      },
    },
  };
  const keys = fc.constantFrom(
    "sources",
    "sinks",
    "type",
    "credentials",
    "sk",
    "url",
    "filter",
    "headers",
    "retry",
  );
  const load = (written: unknown) =>
    refusal(() => loadConfigValue(written, { environment: { SECRET: fromEnvironment }, folder: "/nowhere" }));

  it("with anything in one place is loaded, or refused without a secret", async () => {
    await fc.assert(
      fc.asyncProperty(place, nastyJson(keys), async (steps, instead) => {
        const said = await load(replaced(whole, steps, instead));
        for (const secret of [...secrets, fromEnvironment]) expect(said ?? "").not.toContain(secret);
      }),
      { numRuns, examples: [[[0, 0, 6], [variable("SECRET")]]] },
    );
  });

  it("of any value is refused, or loaded", async () => {
    await fc.assert(
      fc.asyncProperty(nastyJson(keys), async (written) => {
        expect((await load(written)) ?? "").not.toContain(fromEnvironment);
      }),
      { numRuns, examples: [[{ sinks: [variable("SECRET")] }]] },
    );
  });

  it("of any text is parsed, or refused with its place", async () => {
    const lines = fc.constantFrom(
      "a: 1",
      "- &a [*a]",
      "? !!js/function x",
      "{",
      "<<: *b",
      "\t- x",
      "---",
      '"\\u',
      "a: &x [x, *x]",
    );
    const text = fc.oneof(
      nastyText,
      fc.json(),
      fc.array(fc.oneof(lines, nastyText)).map((parts) => parts.join("\n")),
    );
    await fc.assert(
      fc.asyncProperty(text, async (written) => {
        for (const parse of [parseYaml, parseJson]) {
          const said = await refusal(() => parse(written, "c"));
          if (said !== null) expect(said).toMatch(/^c(:\d+:\d+)?: expected /);
        }
      }),
      { numRuns },
    );
  });

  it("that is very deep, or multiplies itself, is refused", async () => {
    const aliases = [
      "a: &a [x, x]",
      ...Array.from(
        { length: 30 },
        (_, level) =>
          `b${level}: &b${level} [*${level === 0 ? "a" : `b${level - 1}`}, *${level === 0 ? "a" : `b${level - 1}`}]`,
      ),
    ];
    expect(await refusal(() => parseYaml(aliases.join("\n"), "c"))).toBe(
      "c:14:12: expected YAML, found aliases that multiply",
    );
    expect(await refusal(() => parseYaml("[".repeat(100_000), "c"))).not.toBeNull();
    expect(await load(deep(10_000, (inner) => ({ sources: inner })))).not.toBeNull();
    expect(
      await load({ ...whole, sinks: { ops: { ...whole.sinks.ops, filter: deep(5_000, (a) => ({ a })) } } }),
    ).not.toBeNull();
  });
});
