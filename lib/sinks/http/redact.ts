import { visibleText } from "../../text/html.ts";
import { maskProse } from "../../text/secret-shapes.ts";
import { maskKnown } from "./known-secrets.ts";

const mask = "***";

/** The message in a response's body, secrets masked: that of JSON, the text that a page shows, or the body. */
export function responseMessage(body: string, secrets: readonly string[]): string {
  // A tag may stand within a secret, so a page is masked as it is written, too.
  const text = /^\s*</.test(body) ? visibleText(maskKnown(body, secrets)) : (jsonMessage(body) ?? body);
  return maskSecrets(text, secrets);
}

const messageFields = ["message", "error", "detail", "title", "error_description", "error_msg", "reason"];

/** Null when the body is not a JSON object or array. */
function jsonMessage(body: string): string | null {
  if (!/^\s*[{[]/.test(body)) return null;
  try {
    return fieldMessage(JSON.parse(body));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function fieldMessage(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  const fields = new Map(Object.entries(value));
  const found = messageFields.map((name) => fields.get(name)).find((field) => field !== undefined);
  return typeof found === "object" && found !== null && "message" in found
    ? fieldMessage(found.message)
    : fieldMessage(typeof found === "object" ? undefined : found);
}

const scheme = /\b((?:bearer|basic)\s)[^\s"',;&}]+/gi;
const urlTail = /\b(https?:\/\/)(?:[^\s/"'<>@]*@)?([^\s/?#"'<>]+)[^\s"'<>]*/gi;
const longWord = /[\w+/=-]{20,}/g;

/** Masks the given values in all their forms, then anything that looks like a credential; URLs keep their origin. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  return (
    maskProse(maskKnown(text, secrets).replace(urlTail, "$1$2"))
      .replace(scheme, `$1${mask}`)
      // A word of twenty characters with a digit is more likely a key than prose.
      .replace(longWord, (word) => (/\d/.test(word) ? mask : word))
  );
}
