import { hash } from "node:crypto";
import { withMember } from "./json.ts";

const sumOf = (json: string): string => hash("sha256", json).slice(0, 32);

/** Adds a checksum to a JSON object's text, as its first key, so that it stays readable for JSON tools. */
export const sealed = (json: string): string => withMember(json, "sum", `"${sumOf(json)}"`);

/** Removes and verifies the checksum; null when it is missing or wrong. */
export function unsealed(text: string): string | null {
  const [head, sum] = /^\{"sum":"([0-9a-f]{32})",/.exec(text) ?? [];
  if (head === undefined) return null;
  const json = `{${text.slice(head.length)}`;
  return sumOf(json) === sum ? json : null;
}
