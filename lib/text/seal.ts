import { hash } from "node:crypto";

const sumOf = (json: string): string => hash("sha256", json).slice(0, 32);

/** A JSON object's text with its checksum as the first key, so that it remains JSON for an operator's tools. */
export const sealed = (json: string): string => `{"sum":"${sumOf(json)}",${json.slice(1)}`;

/** The text again without its checksum; null where it was never sealed, or is not what was sealed. */
export function unsealed(text: string): string | null {
  const [head, sum] = /^\{"sum":"([0-9a-f]{32})",/.exec(text) ?? [];
  if (head === undefined) return null;
  const json = `{${text.slice(head.length)}`;
  return sumOf(json) === sum ? json : null;
}
