import * as v from "valibot";
import { StoreError } from "../../core/errors.ts";

/** An attribute as DynamoDB's JSON writes it; `B` is base64. */
const attribute = v.union([
  v.object({ S: v.string() }),
  v.object({ N: v.string() }),
  v.object({ B: v.string() }),
]);
/** What DynamoDB answers for an item. */
export const itemSchema = v.record(v.string(), attribute);
export type Attribute = v.InferOutput<typeof attribute>;
export type Item = Readonly<Record<string, Attribute>>;

/** @throws StoreError `corrupt` when the item has no such text */
export const textOf = (from: Item, name: string): string => partOf(from, name, "S");
/** The same for binary, as base64. */
export const bytesOf = (from: Item, name: string): string => partOf(from, name, "B");
export const numberOf = (from: Item, name: string): number => Number(partOf(from, name, "N"));

function partOf(from: Item, name: string, type: "S" | "N" | "B"): string {
  const value: Readonly<Record<string, string>> = from[name] ?? {};
  const text = value[type];
  if (text === undefined)
    throw new StoreError("corrupt", `an item of the table has no ${name} of type ${type}`);
  return text;
}

const maxItemBytes = 400 * 1_024;
/** DynamoDB's numbers never take more. */
const numberBytes = 21;

/** `name` says in the message what it is. @throws StoreError `too_large`, before DynamoDB refuses with a sentence that does not say which item */
export function checkSize(name: string, item: Item): void {
  const bytes = Object.entries(item).reduce((sum, [key, value]) => sum + key.length + sizeOf(value), 0);
  if (bytes <= maxItemBytes) return;
  throw new StoreError(
    "too_large",
    `${name}: ${bytes} bytes, and DynamoDB takes ${maxItemBytes}: a lower lookback keeps it smaller`,
  );
}

const sizeOf = (value: Attribute): number => {
  if ("S" in value) return Buffer.byteLength(value.S);
  return "B" in value ? Buffer.byteLength(value.B, "base64") : numberBytes;
};
