import { truncate } from "../text/one-line.ts";
import { fieldName, type Path } from "./path.ts";

/** Field to its text as written, for each value that came from the environment or a secret store. */
export type Origins = ReadonlyMap<string, string>;

const secretKey =
  /^(ak|sk|.*secrets?|.*tokens?|.*passwords?|.*keys?|.*urls?|.*endpoint|headers|credentials|authorization|proxy|tls)$/i;

const looksSecret = (path: Path): boolean =>
  path.some((key) => typeof key === "string" && secretKey.test(key));

/** A chat product's webhook URL is a password, even in the wrong field. */
const looksLikeUrl = (value: unknown): boolean => typeof value === "string" && value.includes("://");

/** A value as an issue may show it: never a secret field's value, nor one from the environment or a secret store. */
export function describeFound(value: unknown, path: Path, origins: Origins): string {
  const written = origins.get(fieldName(path));
  if (looksSecret(path) || looksLikeUrl(value)) return kindOf(value);
  if (written !== undefined) return `${shorten(JSON.stringify(written))}, ${kindOf(value)}`;
  if (typeof value === "string") return shorten(JSON.stringify(value));
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`;
  return kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value === "") return "an empty string";
  if (typeof value === "string") return `a string of ${counted(value.length, "character")}`;
  if (Array.isArray(value)) return `a list of ${counted(value.length, "item")}`;
  if (typeof value === "object") return "an object";
  return `a ${typeof value}`;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

const maxShownCharacters = 80;
const shorten = (text: string): string => truncate(text, maxShownCharacters);
