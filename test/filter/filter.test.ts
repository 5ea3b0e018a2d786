import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../lib/change/event.ts";
import { ConfigError } from "../../lib/core/errors.ts";
import { compileFilter } from "../../lib/filter/filter.ts";
import { compileWildcard } from "../../lib/filter/wildcard.ts";
import { parseExactJson } from "../../lib/text/json.ts";
import { sampleEvent } from "../sinks/sample.ts";

const event = (fields: object): CloudEvent => ({ ...sampleEvent(), ...fields });
const matches = (pattern: unknown, fields: object): boolean => compileFilter(pattern).matches(event(fields));

/** A pattern on the field `a`, what it is true for and what it is false for; `missing` stands for an event without it. */
const missing = Symbol("missing");
const [huge, endless, half] = ["9223372036854775807", "1e400", "0.50"].map(parseExactJson);
const rows: readonly (readonly [
  pattern: unknown,
  isTrueFor: readonly unknown[],
  isFalseFor: readonly unknown[],
])[] = [
  [["x"], ["x", ["q", "x"], [["x"]]], ["X", missing, { b: "x" }, null, []]],
  [[5], [5, 5.0, [4, 5]], ["5", 4]],
  [["5"], ["5"], [5]],
  [[Number("9223372036854775807")], [huge, [huge]], [9223372036854774000]],
  [[{ numeric: ["=", 0.5] }], [half], [huge]],
  [[{ numeric: [">", 5] }], [huge, endless], [half]],
  [[{ exists: false }], [missing], [endless]],
  [{ rawJSON: [{ exists: true }] }, [{ rawJSON: 1 }], [huge]],
  [[null], [null, [null]], [missing, "null", 0]],
  [[""], [""], [missing, null]],
  [[true], [true], ["true", false, 1]],
  [
    ["x", 5, null],
    ["x", 5, null],
    ["y", missing],
  ],
  [[{ prefix: "x" }], ["x", "xyz", ["q", "xy"]], ["yx", 5, missing, null, "X"]],
  [[{ prefix: "" }], ["", "any"], [5, missing]],
  [[{ suffix: "x" }], ["x", "yx", ["q", "yx"]], ["xy", 5, missing]],
  [[{ prefix: { "equals-ignore-case": "AB" } }], ["abc", "ABC", "aB"], ["ba", 5]],
  [[{ suffix: { "equals-ignore-case": "AB" } }], ["cab", "CAB"], ["abc", 5]],
  [[{ "equals-ignore-case": "AB" }], ["ab", "AB", "Ab"], ["abc", 5, missing]],
  [[{ "equals-ignore-case": "straße" }], ["STRASSE", "Straße"], ["strase"]],
  [[{ "anything-but": "x" }], ["y", 5, null, true, ["x", "z"]], ["x", ["x"], missing, { b: 1 }, []]],
  [[{ "anything-but": ["x", "y"] }], ["z", ["x", "z"]], ["x", ["x", "y"], missing]],
  [[{ "anything-but": 5 }], ["5", 4], [5, 5.0, missing]],
  [[{ "anything-but": [5, 6] }], [4, "5"], [5, 6]],
  [[{ "anything-but": { prefix: "x" } }], ["yx", 5, null], ["xy", missing]],
  [[{ "anything-but": { prefix: ["x", "y"] } }], ["zx", 5], ["xy", "yx", missing]],
  [[{ "anything-but": { suffix: "x" } }], ["xy", 5], ["yx", missing]],
  [[{ "anything-but": { suffix: ["x", "z"] } }], ["xy"], ["yx", "yz"]],
  [[{ "anything-but": { wildcard: "a*c" } }], ["abd", 5], ["abc", "ac", missing]],
  [[{ "anything-but": { wildcard: ["a*", "*z"] } }], ["mm"], ["ab", "yz"]],
  [[{ "anything-but": { "equals-ignore-case": "AB" } }], ["abc", 5], ["ab", missing]],
  [[{ "anything-but": { "equals-ignore-case": ["AB", "CD"] } }], ["ef"], ["ab", "cd"]],
  [[{ exists: true }], ["x", null, 0, false, ["x"]], [[], { b: 1 }, missing, [[]]]],
  [[{ exists: false }], [missing, [], { b: 1 }], ["x", null, ["x"]]],
  [
    ["x", { exists: false }],
    ["x", missing],
    ["y", ["y"]],
  ],
  [[{ numeric: [">", 0, "<=", 5] }], [5, 5.0, 0.1, [50, 3]], ["3", 0, 5.1, missing]],
  [[{ numeric: [">=", 0, "<", 5] }], [0, 4.9], [5, -1]],
  [[{ numeric: ["=", 5] }], [5, 5.0], [4, "5"]],
  [[{ numeric: ["<", 5] }], [4, -1e12], [5]],
  [[{ numeric: [">", 5] }], [6, 1_767_225_600_000], [5]],
  [[{ numeric: [">=", 5, "<=", 5] }], [5], [4, 6]],
  [[{ wildcard: "a*c" }], ["ac", "abbc", "a/c", "acc"], ["ab", "bac", "acd", 5, missing]],
  [[{ wildcard: "*" }], ["", "any"], [5, missing]],
  [[{ wildcard: "a" }], ["a"], ["ab", "ba"]],
  [[{ wildcard: "a\\*c" }], ["a*c"], ["abc"]],
  [[{ wildcard: "a\\\\*" }], ["a\\", "a\\b"], ["ab"]],
  [[{ wildcard: "*a*a" }], ["aa", "baba"], ["a"]],
  [
    [{ cidr: "10.0.0.0/8" }],
    ["10.1.2.3", "10.255.255.255"],
    ["11.0.0.0", "x", 5, missing, "10.1.2", "::ffff:10.1.2.3"],
  ],
  [[{ cidr: "10.1.2.3/8" }], ["10.9.9.9"], ["11.1.2.3"]],
  [[{ cidr: "0.0.0.0/0" }], ["1.2.3.4"], ["::1"]],
  [[{ cidr: "2001:db8::/32" }], ["2001:db8:1::1"], ["2001:db9::1", "10.0.0.1"]],
  [
    { b: ["1"], c: ["2"] },
    [{ b: "1", c: "2" }, [{ b: "1", c: "2" }], [{ b: "9" }, { b: "1", c: "2" }]],
    [
      [{ b: "1" }, { c: "2" }],
      [
        { b: "1", c: "9" },
        { b: "9", c: "2" },
      ],
      missing,
      "1",
    ],
  ],
  [
    { b: { c: ["1"] } },
    [{ b: { c: "1" } }, [{ b: [{ c: "9" }, { c: "1" }] }], [[{ b: { c: "1" } }]]],
    [{ b: "1" }, { "b.c": "1" }],
  ],
  [
    { b: [{ exists: false }] },
    [missing, "x", [], [[]], {}, { b: [] }, [{ c: 1 }]],
    [{ b: 1 }, [{ b: 1 }, { c: 1 }]],
  ],
  [{ c: [1], b: [{ exists: false }] }, [{ c: 1 }, [{ b: 1 }, { c: 1 }]], [{ c: 1, b: 1 }, missing]],
  [
    { b: ["x", { exists: false }] },
    [{ b: "x" }, missing, [{ c: 1 }, { b: "x" }]],
    [{ b: "y" }, [{ b: "y" }, { c: 1 }]],
  ],
  [
    { $or: [{ b: ["1"] }, { c: ["2"] }] },
    [{ b: "1" }, { c: "2" }, { b: "1", c: "2" }],
    [{ b: "2", c: "1" }, missing],
  ],
  [
    { d: ["3"], $or: [{ b: ["1"] }, { c: ["2"] }] },
    [{ d: "3", b: "1" }],
    [{ b: "1" }, { d: "3" }, [{ d: "3" }, { b: "1" }]],
  ],
  [
    { $or: [{ b: ["1"] }, { c: ["2"], $or: [{ d: ["3"] }, { e: ["4"] }] }] },
    [{ b: "1" }, { c: "2", e: "4" }],
    [{ c: "2" }, { d: "3" }],
  ],
  [
    { b: ["1"], $or: [{ b: ["2"] }, { c: ["3"] }] },
    [{ b: "1", c: "3" }, { b: ["1", "2"] }],
    [{ b: "1" }, { b: "2" }, { c: "3" }],
  ],
  [{ "b.c": ["1"] }, [{ "b.c": "1" }], [{ b: { c: "1" } }]],
  [{ constructor: [{ exists: true }] }, [{ constructor: "x" }], [{}, missing]],
  [{ toString: { name: ["toString"] } }, [], [{}, "x", []]],
  [{ length: [1] }, [{ length: 1 }], ["x", ["x"]]],
];

const fieldsOf = (value: unknown): object => (value === missing ? {} : { a: value });
const shown = (value: unknown): string => (value === missing ? "missing" : JSON.stringify(value));

describe.each(rows.map(([pattern, isTrueFor, isFalseFor]) => ({ pattern, isTrueFor, isFalseFor })))(
  "the pattern $pattern",
  ({ pattern, isTrueFor, isFalseFor }) => {
    it("is true for what it says", () => {
      expect(isTrueFor.filter((value) => !matches({ a: pattern }, fieldsOf(value))).map(shown)).toEqual([]);
    });
    it("is false for all else", () => {
      expect(isFalseFor.filter((value) => matches({ a: pattern }, fieldsOf(value))).map(shown)).toEqual([]);
    });
  },
);

describe("a filter", () => {
  it("needs every field of the event to match", () => {
    const pattern = {
      type: [{ prefix: "com.huaweicloud.dms.task." }],
      data: { task: { status: ["SUCCESS", "FAILED"] }, change: { durationMs: [{ numeric: [">=", 5_000] }] } },
    };
    expect(compileFilter(pattern).matches(sampleEvent())).toBe(true);
    expect(compileFilter(pattern).matches(sampleEvent(1, { status: "CREATED" }))).toBe(false);
  });

  it("sees nothing that an event inherits", () => {
    const inherited: CloudEvent = Object.assign(Object.create({ a: "x" }), sampleEvent());
    expect(compileFilter({ a: ["x"] }).matches(inherited)).toBe(false);
    expect(compileFilter(JSON.parse('{"__proto__":{"a":["x"]}}')).matches(inherited)).toBe(false);
  });

  it("can ask for a field called __proto__", () => {
    const filter = compileFilter(JSON.parse('{"a":{"__proto__":["x"]}}'));
    expect(filter.matches(event({ a: JSON.parse('{"__proto__":"x"}') }))).toBe(true);
    expect(filter.matches(event({ a: {} }))).toBe(false);
  });

  it("survives an event of absurd depth", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}"x"${"]".repeat(100_000)}`);
    expect(matches({ a: ["x"] }, { a: deep })).toBe(false);
    expect(matches({ a: { b: ["x"] } }, { a: deep })).toBe(false);
    expect(compileFilter({ a: ["x"] }).explain(event({ a: deep })).checks).toHaveLength(1);
  });
});

describe("an invalid pattern", () => {
  it.each<readonly [pattern: unknown, field: string]>([
    [{}, "filter"],
    [[], "filter"],
    ["x", "filter"],
    [null, "filter"],
    [{ a: [] }, "filter.a"],
    [{ a: {} }, "filter.a"],
    [{ a: { b: {} } }, "filter.a.b"],
    [{ a: "x" }, "filter.a"],
    [{ a: 5 }, "filter.a"],
    [{ a: null }, "filter.a"],
    [{ a: undefined }, "filter.a"],
    [{ a: [["x"]] }, "filter.a[0]"],
    [{ a: ["x", {}] }, "filter.a[1]"],
    [{ a: [Number.NaN] }, "filter.a[0]"],
    [{ a: [undefined] }, "filter.a[0]"],
    [{ a: [{ matches: "x" }] }, "filter.a[0]"],
    [{ a: [{ toString: "x" }] }, "filter.a[0]"],
    [{ a: [{ prefix: "x", suffix: "y" }] }, "filter.a[0]"],
    [{ a: [{ prefix: 5 }] }, "filter.a[0].prefix"],
    [{ a: [{ prefix: ["x"] }] }, "filter.a[0].prefix"],
    [{ a: [{ prefix: { suffix: "x" } }] }, "filter.a[0].prefix"],
    [{ a: [{ prefix: undefined }] }, "filter.a[0].prefix"],
    [{ a: [{ suffix: ["x"] }] }, "filter.a[0].suffix"],
    [{ a: [{ "equals-ignore-case": ["x"] }] }, "filter.a[0].equals-ignore-case"],
    [{ a: [{ exists: "true" }] }, "filter.a[0].exists"],
    [{ a: [{ "anything-but": [] }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": ["x", 5] }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": null }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": [null] }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": {} }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": { exists: true } }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": { prefix: [] } }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": { prefix: [5] } }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": { prefix: "x", suffix: "y" } }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": { wildcard: "**" } }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": { prefix: "" } }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": { suffix: "" } }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": { prefix: ["x", ""] } }] }, "filter.a[0].anything-but"],
    [{ a: [{ "anything-but": { wildcard: "*" } }] }, "filter.a[0].anything-but"],
    [{ a: [{ numeric: [">", 5, "<", 5] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: [">=", 5, "<", 5] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: [">", 5, "<=", 5] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: [] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: 5 }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: [">"] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: [">", "5"] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: ["!=", 5] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: ["<", 5, ">", 0] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: [">", 0, ">", 5] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: ["<", 0, "<", 5] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: ["=", 0, "<", 5] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: [">", 5, "<", 0] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: [">", 0, "<", 5, "<", 6] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: [">", 0, "<"] }] }, "filter.a[0].numeric"],
    [{ a: [{ numeric: [">", Number.NEGATIVE_INFINITY] }] }, "filter.a[0].numeric"],
    [{ a: [{ wildcard: "a**b" }] }, "filter.a[0].wildcard"],
    [{ a: [{ wildcard: "a\\b" }] }, "filter.a[0].wildcard"],
    [{ a: [{ wildcard: "a\\" }] }, "filter.a[0].wildcard"],
    [{ a: [{ wildcard: 5 }] }, "filter.a[0].wildcard"],
    [{ a: [{ cidr: "10.0.0.0" }] }, "filter.a[0].cidr"],
    [{ a: [{ cidr: "10.0.0.0/33" }] }, "filter.a[0].cidr"],
    [{ a: [{ cidr: "::/129" }] }, "filter.a[0].cidr"],
    [{ a: [{ cidr: "ten/8" }] }, "filter.a[0].cidr"],
    [{ a: [{ cidr: 10 }] }, "filter.a[0].cidr"],
    [{ $or: [{ a: ["x"] }] }, "filter.$or"],
    [{ $or: { a: ["x"] } }, "filter.$or"],
    [{ $or: [{ a: ["x"] }, {}] }, "filter.$or[1]"],
    [{ $or: [{ a: ["x"] }, "x"] }, "filter.$or[1]"],
    [{ a: ["x".repeat(20_000)] }, "filter.a[0]"],
    [{ a: [{ prefix: "x".repeat(20_000) }] }, "filter.a[0].prefix"],
    [{ a: Array(3_000).fill("x") }, "filter"],
  ])("%j is refused at %s", (pattern, field) => {
    expect(() => compileFilter(pattern)).toThrow(ConfigError);
    expect(issuesOf(pattern).map((issue) => issue.field)).toEqual([field]);
  });

  it("is refused when it is too deep", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(10_000)}["x"]${"}".repeat(10_000)}`);
    expect(() => compileFilter(deep)).toThrow(/at most 32 levels/);
    expect(() => compileFilter({ a: [{ prefix: deep }] })).toThrow(/at most 32 levels/);
  });

  it("is told all that is wrong in it, under the name it has in the configuration", () => {
    expect(issuesOf({ a: "x", b: [{ prefix: 5 }] }, "sinks.ops.filter")).toEqual([
      {
        field: "sinks.ops.filter.a",
        found: '"x"',
        expected: "an array of values and operators, or an object",
      },
      {
        field: "sinks.ops.filter.b[0].prefix",
        found: "5",
        expected: 'a string or { "equals-ignore-case": string }',
      },
    ]);
  });

  function issuesOf(pattern: unknown, field?: string): ConfigError["issues"] {
    try {
      compileFilter(pattern, field);
    } catch (error) {
      if (error instanceof ConfigError) return error.issues;
      throw error;
    }
    return [];
  }
});

describe("an explanation", () => {
  const explain = (pattern: unknown, fields: object) => compileFilter(pattern).explain(event(fields));

  it("goes through every field: what was asked, what is there, and what passed", () => {
    expect(
      explain(
        { a: { b: ["x"], c: [2, { numeric: ["<", 2] }] }, d: ["y"], e: ["z"] },
        { a: { b: "w", c: 1 }, e: "z" },
      ),
    ).toEqual({
      matches: false,
      checks: [
        { field: "a.b", expected: '["x"]', found: '"w"', passed: false, by: null },
        {
          field: "a.c",
          expected: '[2,{"numeric":["<",2]}]',
          found: "1",
          passed: true,
          by: '{"numeric":["<",2]}',
        },
        { field: "d", expected: '["y"]', found: "nothing", passed: false, by: null },
        { field: "e", expected: '["z"]', found: '"z"', passed: true, by: '"z"' },
      ],
    });
  });

  it("names the absence that was enough", () => {
    expect(explain({ a: ["x", { exists: false }] }, {})).toEqual({
      matches: true,
      checks: [
        {
          field: "a",
          expected: '["x",{"exists":false}]',
          found: "nothing",
          passed: true,
          by: '{"exists":false}',
        },
      ],
    });
  });

  const branches = { $or: [{ a: ["x"] }, { b: ["y"] }] };
  const fieldsOfChecks = (pattern: unknown, fields: object) =>
    explain(pattern, fields).checks.map(({ field }) => field);

  it("names all branches when none matches, and only the one that was enough when one does", () => {
    expect(fieldsOfChecks(branches, { a: "z" })).toEqual(["$or[0].a", "$or[1].b"]);
    expect(fieldsOfChecks(branches, { a: "z", b: "y" })).toEqual(["$or[1].b"]);
    expect(fieldsOfChecks({ c: branches }, { c: { a: "x" } })).toEqual(["c.$or[0].a"]);
  });

  it("names all objects of a list when none has it all, and only the one that was enough when one does", () => {
    const pattern = { a: { b: [1], c: [2] } };
    expect(fieldsOfChecks(pattern, { a: [{ b: 1 }, { c: 2 }] })).toEqual([
      "a[0].b",
      "a[0].c",
      "a[1].b",
      "a[1].c",
    ]);
    expect(fieldsOfChecks(pattern, { a: [{ b: 1 }, { b: 1, c: 2 }] })).toEqual(["a[1].b", "a[1].c"]);
  });

  it("names every object of a list when all of them must lack a field", () => {
    const pattern = { a: { b: [{ exists: false }] } };
    expect(fieldsOfChecks(pattern, { a: [{ c: 1 }, { c: 2 }] })).toEqual(["a[0].b", "a[1].b"]);
    expect(explain(pattern, { a: [{ c: 1 }, { b: 2 }] }).checks.map(({ passed }) => passed)).toEqual([
      true,
      false,
    ]);
  });

  it("shortens what it found", () => {
    expect(explain({ a: ["x"] }, { a: "y".repeat(1_000) }).checks[0]?.found).toHaveLength(80);
  });
});

describe("any pattern and event", () => {
  const word = fc.constantFrom("a", "b", "c", "ab");
  const scalar = fc.oneof(word, fc.integer({ min: -2, max: 2 }), fc.boolean(), fc.constant(null));
  const operator = fc.oneof(
    scalar,
    fc.record({ prefix: word }),
    fc.record({ suffix: word }),
    fc.record({ exists: fc.boolean() }),
    fc.record({ "anything-but": fc.oneof(word, fc.array(word, { minLength: 1 })) }),
    fc.record({ wildcard: fc.constantFrom("*a", "a*", "*", "a*b") }),
    fc.integer({ min: -2, max: 2 }).map((bound) => ({ numeric: [">=", bound] })),
  );
  const { pattern } = fc.letrec<{ pattern: Record<string, unknown>; node: unknown }>((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, fc.array(operator, { minLength: 1, maxLength: 3 }), tie("pattern")),
    pattern: fc
      .tuple(
        fc.dictionary(word, tie("node"), { minKeys: 1, maxKeys: 3 }),
        fc.option(
          fc.array(fc.dictionary(word, fc.array(operator, { minLength: 1 }), { minKeys: 1, maxKeys: 3 }), {
            minLength: 2,
            maxLength: 3,
          }),
        ),
      )
      .map(([fields, or]) => (or === null ? fields : { ...fields, $or: or })),
  }));
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(word, tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  const fields = fc.dictionary(word, value, { maxKeys: 3 });

  it("is explained as it is decided: all that decided has passed exactly when the event matches", () => {
    fc.assert(
      fc.property(pattern, fields, (asked, given) => {
        const filter = compileFilter(asked);
        const { matches, checks } = filter.explain(event(given));
        expect(matches).toBe(filter.matches(event(given)));
        expect(checks.every(({ passed }) => passed)).toBe(matches);
        expect(checks.length).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  it("is explained by checks that hold by themselves", () => {
    fc.assert(
      fc.property(pattern, fields, (asked, given) => {
        for (const { expected, found, passed, by } of compileFilter(asked).explain(event(given)).checks) {
          if (found.endsWith("…")) continue;
          const alone = { a: found === "nothing" ? undefined : JSON.parse(found) };
          expect(matches({ a: JSON.parse(expected) }, alone)).toBe(passed);
          if (by !== null) expect(matches({ a: [JSON.parse(by)] }, alone)).toBe(true);
          expect(by === null).toBe(!passed);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("matches no less when a value is added to a list", () => {
    fc.assert(
      fc.property(fc.array(operator, { minLength: 1 }), operator, fields, (items, added, given) => {
        if (matches({ a: items }, given)) expect(matches({ a: [...items, added] }, given)).toBe(true);
      }),
    );
  });

  it("matches no more when a field is added", () => {
    fc.assert(
      fc.property(pattern, pattern, fields, (asked, added, given) => {
        if (matches({ ...added, ...asked }, given) && !("$or" in asked))
          expect(matches(asked, given)).toBe(true);
      }),
    );
  });

  it("matches by $or exactly what one of its branches matches", () => {
    fc.assert(
      fc.property(pattern, pattern, fields, (one, other, given) => {
        const either = matches(one, given) || matches(other, given);
        expect(matches({ $or: [one, other] }, given)).toBe(either);
      }),
    );
  });

  it("is never both there and not there", () => {
    fc.assert(
      fc.property(fields, (given) => {
        expect(matches({ a: [{ exists: true }] }, given)).toBe(!matches({ a: [{ exists: false }] }, given));
      }),
    );
  });
});

describe("a wildcard", () => {
  const piece = fc.constantFrom("a", "b", "*");
  const pattern = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join("").replace(/\*+/g, "*"));

  it("agrees with the regular expression that it stands for", () => {
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 }), (text, subject) => {
        const expression = new RegExp(`^${text.replaceAll("*", ".*")}$`);
        expect(compileWildcard(text)?.(subject)).toBe(expression.test(subject));
      }),
      { numRuns: 1_000 },
    );
  });

  it("ends for what makes an expression go back for ever", () => {
    const test = compileWildcard(`${"*a".repeat(1_000)}*b`);
    expect(test?.("a".repeat(100_000))).toBe(false);
  });
});

describe("a refusal", () => {
  const refusal = (pattern: unknown): ConfigError | null => {
    try {
      compileFilter(pattern, "sinks.ops.filter");
      return null;
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
  };

  it("shows both ends of an endless path, and where it stands", () => {
    const error = refusal({ [`begin-${"x".repeat(10_000)}-end`]: [{ nope: 1 }] });
    expect(error?.issues[0]?.field).toMatch(/^sinks\.ops\.filter\.begin-x+…x+-end\[0\]$/);
    expect(error?.message.length).toBeLessThan(1_000);
  });

  it("tells the first fifty of ever so many mistakes, and how many more there are", () => {
    const error = refusal({ type: Array.from({ length: 1_000 }, () => ({ nope: 1 })) });
    expect(error?.issues).toHaveLength(51);
    expect(error?.issues.at(-1)?.found).toBe("950 more mistakes");
  });
});
