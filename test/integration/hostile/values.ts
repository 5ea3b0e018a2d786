import fc from "fast-check";
import { ConfigError } from "../../../lib/core/errors.ts";
import { variable } from "../../config/sample.ts";
import { anyCharacter } from "../../harness/any-character.ts";

/** Cases a property; more in CI's long form. */
export const numRuns = Number(process.env["FUZZ_RUNS"] ?? 300);

/** Time for the long form; the default one takes a second. */
export const longForm = { timeout: 240_000 };

const nastyTexts = [
  "",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "\u0000",
  "\r\nerror: forged",
  "\u001b[2J\u001b]0;owned\u0007",
  "\u009b31m",
  "\u0085\u2028\u2029",
  "\u202eevil",
  "\ud800",
  "\udc00x",
  variable("SECRET"),
  "${",
  `$${variable("SECRET")}`,
  "ssm:/bridge/sk",
  "../../../../etc/passwd",
  "file:///etc/passwd",
  "-1",
  "1e999",
  "NaN",
  "9007199254740993",
  "275760-09-13T00:00:00Z",
  "2024-02-30T25:61:61Z",
  "9999999999999",
  "x".repeat(2_000),
  "token-".repeat(2_000),
  "<script>alert(1)</script>",
  "'; DROP TABLE checkpoint; --",
];

/** Text that has broken programs before, and any other. */
export const nastyText = fc.oneof(
  fc.constantFrom(...nastyTexts),
  fc.string({ unit: anyCharacter }),
  fc.string(),
);

const nastyNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 2 ** 31, 2 ** 53, 1e308, -1e308, 5e-324, 1_767_225_600_000),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** Any JSON value, as it comes out of a parser: `__proto__` may be a key of its own. */
export function nastyJson(keys: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const key = fc.oneof({ weight: 3, arbitrary: keys }, { weight: 1, arbitrary: nastyText });
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.oneof(nastyText, nastyNumber, fc.boolean(), fc.constant(null)),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map(Object.fromEntries<unknown>),
    ),
  }));
  return value;
}

/** A value so many levels deep. */
export const deep = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
};

/** The value with one place of it replaced: `steps` choose the place, level by level. */
export function replaced(value: unknown, steps: readonly number[], instead: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== "object" || value === null) return instead;
  const entries = Object.entries(value);
  const chosen = step % Math.max(1, entries.length);
  const changed = entries.map(([key, inner], index) => [
    key,
    index === chosen ? replaced(inner, rest, instead) : inner,
  ]);
  return Array.isArray(value) ? changed.map(([, inner]) => inner) : Object.fromEntries(changed);
}

export const place = fc.array(fc.nat(20), { minLength: 1, maxLength: 5 });

const inherited = () =>
  [Object.prototype, Array.prototype, String.prototype, Function.prototype].map(
    (prototype) => Reflect.ownKeys(prototype).length,
  );
const before = inherited();

/** Whether every object still inherits what it did when this file was loaded. */
export const isUnpolluted = (): boolean =>
  inherited().every((count, index) => count === before[index]) && !("polluted" in {});

/** What a named refusal says; null when there was none. Any other error is a crash, and is thrown on. */
export async function refusal(work: () => unknown): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}
