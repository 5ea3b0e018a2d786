import * as v from "valibot";
import { StoreError } from "../../core/errors.ts";
import { tooLarge } from "../too-large.ts";

/** An attribute in DynamoDB's JSON; `B` is base64. */
const attribute = v.union([
  v.object({ S: v.string() }),
  v.object({ N: v.string() }),
  v.object({ B: v.string() }),
]);
/** Schema of an item in DynamoDB's responses. */
export const itemSchema = v.record(v.string(), attribute);
/** A typed attribute. */
export type Attribute = v.InferOutput<typeof attribute>;
/** An item's attributes by name. */
export type Item = Readonly<Record<string, Attribute>>;

/** Reads a text attribute. @throws StoreError `corrupt` when it is missing */
export const textOf = (from: Item, name: string): string => partOf(from, name, "S");
/** Reads a binary attribute, as base64. @throws StoreError `corrupt` when it is missing */
export const bytesOf = (from: Item, name: string): string => partOf(from, name, "B");
/** Reads a number attribute. @throws StoreError `corrupt` when it is missing */
export const numberOf = (from: Item, name: string): number => Number(partOf(from, name, "N"));

function partOf(from: Item, name: string, type: "S" | "N" | "B"): string {
  const value: Readonly<Record<string, string>> = from[name] ?? {};
  const text = value[type];
  if (text === undefined)
    throw new StoreError("corrupt", `an item of the table has no ${name} of type ${type}`);
  return text;
}

/** Maximum size of an item. */
export const maxItemBytes = 400 * 1_024;
/**
 * Maximum size of a number in DynamoDB.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
const numberBytes = 21;

/**
 * Checks an item's size; DynamoDB's own error does not say which item is too large. `table` and `name` identify it in
 * messages.
 * @throws StoreError `too_large`
 */
export function checkSize(table: string, name: string, item: Item): void {
  const bytes = Object.entries(item).reduce((sum, [key, value]) => sum + key.length + sizeOf(value), 0);
  if (bytes > maxItemBytes)
    throw tooLarge({
      store: `DynamoDB table ${table}`,
      what: `the item ${name}`,
      bytes,
      maxBytes: maxItemBytes,
    });
}

const sizeOf = (value: Attribute): number => {
  if ("S" in value) return Buffer.byteLength(value.S);
  return "B" in value ? Buffer.byteLength(value.B, "base64") : numberBytes;
};
