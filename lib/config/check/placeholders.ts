import * as v from "valibot";
import { hashToUnit } from "../../core/hash-to-unit.ts";
import { fieldName, type Path } from "../path.ts";
import type { Unresolved } from "../resolve/expand.ts";
import { childSchema, namedValues, takesText } from "./shape.ts";

/** Wrong values of a checked value. */
export interface Wrong {
  /** Their paths, from the checked value on. */
  readonly paths: readonly Path[];
  /** Path of the checked value in the configuration. */
  readonly base: Path;
  readonly unresolved: ReadonlyMap<string, Unresolved>;
}

/** A value whose wrong parts are replaced. */
export interface Repaired {
  readonly value: unknown;
  /** Fields with a text whose value is not known, and where some text passes. */
  readonly passed: ReadonlySet<string>;
}

/** Replaces each wrong value by one that passes its own check; takes out what needs not be there. */
export function repaired(
  schema: v.GenericSchema,
  value: unknown,
  { paths, base, unresolved }: Wrong,
): Repaired {
  const passed = new Set<string>();
  const copies = new Set<unknown>();
  let whole = value;
  for (const path of paths) {
    const field = fieldName([...base, ...path]);
    const text = unresolved.get(field);
    const replacement = (own: v.GenericSchema | null): unknown => {
      const instead = own ? passing(own, text ? texts(own, text) : values(own)) : undefined;
      if (text && (instead !== undefined || !own || takesText(own))) passed.add(field);
      return instead;
    };
    whole = changed(schema, whole, path, { replacement, copies });
  }
  return { value: whole, passed };
}

interface Replacing {
  readonly replacement: (schema: v.GenericSchema | null) => unknown;
  /** Objects that are copies already: a file of thousands of wrong values copies each object once. */
  readonly copies: Set<unknown>;
}

/** A copy with the value at the path replaced, or taken out where the replacement is undefined. */
function changed(
  schema: v.GenericSchema | null,
  value: unknown,
  [key, ...rest]: Path,
  how: Replacing,
): unknown {
  if (key === undefined) return how.replacement(schema);
  if (typeof value !== "object" || value === null) return value;
  const inner: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
  const next = changed(schema && childSchema(schema, key, value), inner, rest, how);
  const copy = how.copies.has(value) ? value : copyOf(value);
  how.copies.add(copy);
  if (next === undefined && !Array.isArray(copy)) Reflect.deleteProperty(copy, key);
  else
    Object.defineProperty(copy, key, { value: next, enumerable: true, writable: true, configurable: true });
  return copy;
}

const copyOf = (value: object): object =>
  Array.isArray(value) ? [...value] : Object.fromEntries(Object.entries(value));

/** The first candidate that passes; undefined when the value may be missing, or none passes. */
function passing(schema: v.GenericSchema, candidates: Iterable<unknown>): unknown {
  for (const candidate of candidates) if (v.is(schema, candidate)) return candidate;
  return undefined;
}

/** Values of any kind that might pass. */
function* values(schema: v.GenericSchema): Generator<unknown> {
  yield* namedValues(schema);
  yield* [true, 1];
  for (const form of forms) yield form("1000");
}

/** Texts that might pass, with a placeholder for each unknown part; different parts get different ones. */
function* texts(schema: v.GenericSchema, { withPlaceholders }: Unresolved): Generator<string> {
  yield* namedValues(schema).filter((value) => typeof value === "string");
  for (const form of forms) yield withPlaceholders((name) => form(numberOf(name)));
}

/** Four digits that a name always gets. */
const numberOf = (name: string): string => `${1_000 + Math.floor(hashToUnit(name) * 9_000)}`;

const host = (name: string): string => `placeholder-${name}.example.com`;

/** Forms of text that options ask for, around a number. */
const forms: readonly ((number: string) => string)[] = [
  (number) => `placeholder-${number}`,
  (number) => number,
  (number) => `https://${host(number)}/`,
  (number) => `${host(number)}:9092`,
  (number) => `placeholder-${number}@example.com`,
  (number) => `placeholder/placeholder-${number}`,
  (number) => `placeholder_${number}`,
  (number) => `xx-placeholder-${number}`,
  (number) => number.padStart(32, "0"),
  (number) => `${number}:placeholder`,
  (number) => `xoxb-${number}`,
  (number) => `whsec_${number.padEnd(43, "A")}=`,
  (number) => `amqps://${host(number)}`,
  (number) => `tls://${host(number)}`,
  (number) => `rediss://${host(number)}`,
  (number) => `mqtts://${host(number)}`,
  (number) => `postgres://placeholder@${host(number)}/placeholder`,
  (number) => `https://sqs.xx-placeholder-1.amazonaws.com/${number}/placeholder`,
  () => "15m",
  () => "text/plain",
  () => "10.0.0.0/8",
  () => "UTC",
  () => "-----BEGIN CERTIFICATE-----",
];
