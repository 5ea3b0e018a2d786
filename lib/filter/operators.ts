import { parseIp } from "../net/ip.ts";
import { isRecord } from "../text/json.ts";
import { compileWildcard } from "./wildcard.ts";

/** A JSON value without fields or elements. */
export type Leaf = string | number | boolean | null;
/** Whether a leaf matches. */
export type LeafTest = (leaf: Leaf) => boolean;

/** Expectation that an operator's argument does not meet. */
export interface Misfit {
  readonly expected: string;
}
/** A compiled operator, or the mistake in its argument. */
export type Compiled = LeafTest | Misfit;

/** Operators on a present leaf; `exists` is not among them, since it also tests absent leaves. */
const operators: ReadonlyMap<string, (argument: unknown) => Compiled> = new Map([
  ["prefix", (argument) => textEnd(argument, (text, part) => text.startsWith(part))],
  ["suffix", (argument) => textEnd(argument, (text, part) => text.endsWith(part))],
  ["equals-ignore-case", equalsIgnoreCase],
  ["wildcard", wildcard],
  ["anything-but", anythingBut],
  ["numeric", numeric],
  ["cidr", cidr],
]);

/** All operators of a pattern, for messages. */
export const operatorNames = [...operators.keys(), "exists"].toSorted().join(", ");

/** Compiles an operator; null for an unknown name. */
export const compileOperator = (name: string, argument: unknown): Compiled | null =>
  operators.get(name)?.(argument) ?? null;

/** Whether a value is a leaf. */
export const isLeaf = (value: unknown): value is Leaf =>
  value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);

const onText =
  (test: (text: string) => boolean): LeafTest =>
  (leaf) =>
    typeof leaf === "string" && test(leaf);

function textEnd(argument: unknown, test: (text: string, part: string) => boolean): Compiled {
  if (typeof argument === "string") return onText((text) => test(text, argument));
  const folded = soleField(argument, "equals-ignore-case");
  if (typeof folded !== "string") return { expected: 'a string or { "equals-ignore-case": string }' };
  const part = fold(folded);
  return onText((text) => test(fold(text), part));
}

function equalsIgnoreCase(argument: unknown): Compiled {
  if (typeof argument !== "string") return { expected: "a string" };
  const wanted = fold(argument);
  return onText((text) => fold(text) === wanted);
}

const fold = (text: string): string => text.toUpperCase().toLowerCase();

function wildcard(argument: unknown): Compiled {
  const test = typeof argument === "string" ? compileWildcard(argument) : null;
  return test ? onText(test) : { expected: "a string with single stars, and only \\* and \\\\ escaped" };
}

const negatable = ["prefix", "suffix", "wildcard", "equals-ignore-case"] as const;
const butExpectation = `a string, a number, a list of one of them, or an object with one of ${negatable.join(", ")}`;

function anythingBut(argument: unknown): Compiled {
  const values = Array.isArray(argument) ? argument : [argument];
  const isOf = (type: string) =>
    values.length > 0 && values.every((value) => isLeaf(value) && typeof value === type);
  if (isOf("string") || isOf("number")) {
    const excluded = new Set<unknown>(values);
    return (leaf) => !excluded.has(leaf);
  }
  const name = negatable.find((operator) => soleField(argument, operator) !== undefined);
  if (!name) return { expected: butExpectation };
  const parts = [soleField(argument, name)].flat();
  const tests = parts.map((part) => compilePart(name, part));
  if (tests.length === 0) return { expected: `a string or a list of strings for ${name}` };
  if (parts.some((part) => isEveryText(name, part))) {
    return { expected: `a ${name} that not every text has: nothing would be left` };
  }
  const misfit = tests.find((test) => typeof test !== "function");
  return misfit ?? ((leaf) => !tests.some((test) => typeof test === "function" && test(leaf)));
}

/** Whether the text matches everything: every text begins and ends with the empty text. */
const isEveryText = (name: (typeof negatable)[number], part: unknown): boolean =>
  name === "wildcard" ? part === "*" : name !== "equals-ignore-case" && part === "";

const compilePart = (name: string, part: unknown): Compiled =>
  (typeof part === "string" ? compileOperator(name, part) : null) ?? {
    expected: `a string or a list of strings for ${name}`,
  };

const comparisons: ReadonlyMap<unknown, (value: number, bound: number) => boolean> = new Map([
  ["=", (value, bound) => value === bound],
  [">", (value, bound) => value > bound],
  [">=", (value, bound) => value >= bound],
  ["<", (value, bound) => value < bound],
  ["<=", (value, bound) => value <= bound],
]);

const numericExpectation = '["=", n], [">", n], ["<=", n] and the like, or a range such as [">", 0, "<=", 5]';

function numeric(argument: unknown): Compiled {
  const misfit: Misfit = { expected: numericExpectation };
  if (!Array.isArray(argument)) return misfit;
  const [operator, bound, upperOperator, upperBound, ...rest] = argument;
  const lower = comparison(operator, bound);
  if (!lower || rest.length > 0) return misfit;
  if (argument.length === 2) return onNumber(lower);
  const upper = comparison(upperOperator, upperBound);
  const isPoint = operator === ">=" && upperOperator === "<=" && bound === upperBound;
  const isRange = upper && /^>/.test(operator) && /^</.test(upperOperator) && (isPoint || bound < upperBound);
  return isRange ? onNumber((value) => lower(value) && upper(value)) : misfit;
}

function comparison(operator: unknown, bound: unknown): ((value: number) => boolean) | null {
  const compare = comparisons.get(operator);
  return compare && typeof bound === "number" && Number.isFinite(bound)
    ? (value) => compare(value, bound)
    : null;
}

const onNumber =
  (test: (value: number) => boolean): LeafTest =>
  (leaf) =>
    typeof leaf === "number" && test(leaf);

function cidr(argument: unknown): Compiled {
  const misfit: Misfit = { expected: "a range such as 10.0.0.0/8 or fd00::/8" };
  const [, address, length] = (typeof argument === "string" && /^(.+)\/(\d{1,3})$/.exec(argument)) || [];
  const network = parseIp(address ?? "");
  if (!network) return misfit;
  const hostBits = (network.family === 4 ? 32 : 128) - Number(length);
  if (hostBits < 0) return misfit;
  const prefix = network.bits >> BigInt(hostBits);
  return onText((text) => {
    const ip = parseIp(text);
    return ip?.family === network.family && ip.bits >> BigInt(hostBits) === prefix;
  });
}

/** The value under an object's only key; undefined when it is not an object, or has another key. */
function soleField(value: unknown, name: string): unknown {
  if (!isRecord(value)) return undefined;
  const [entry, ...more] = Object.entries(value);
  return entry?.[0] === name && more.length === 0 ? entry[1] : undefined;
}
