const mask = "***";

/** The short message in an answer's body, secrets masked; empty when the body holds none. */
export function answerMessage(body: string, secrets: readonly string[]): string {
  return maskSecrets(jsonMessage(body) ?? plainMessage(body), secrets);
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

/** A page for people has no short message. */
const plainMessage = (body: string): string => (/^\s*</.test(body) ? "" : body);

const credentialWords = "authorization|api[-_]?key|access[-_]?key|passw(?:or)?d|secret|signature|token";
const credentialValue = `(?:(?:bearer|basic)\\s)?[^\\s"',;&}]+`;
const namedCredential = new RegExp(
  `\\b((?:${credentialWords})["']?\\s?[:=]\\s?["']?|bearer\\s|basic\\s)${credentialValue}`,
  "gi",
);
const urlTail = /\b(https?:\/\/)(?:[^\s/"'<>@]*@)?([^\s/?#"'<>]+)[^\s"'<>]*/gi;
const longWord = /[\w+/=-]{20,}/g;

/** Masks the given values wherever they stand, then whatever looks like a credential; URLs keep their origin. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length >= 4)
    .toSorted((a, b) => b.length - a.length)
    .reduce((masked, secret) => masked.replaceAll(secret, mask), text);
  return (
    known
      .replace(urlTail, "$1$2")
      .replace(namedCredential, `$1${mask}`)
      // A word of twenty characters with a digit in it is more likely a key than prose.
      .replace(longWord, (word) => (/\d/.test(word) ? mask : word))
  );
}

/** What of a URL may open its door: the path and its longer parts, the query and its values, as sent and decoded. */
export function urlSecrets(url: URL): readonly string[] {
  const parts = url.pathname.split("/").filter((part) => part.length >= 8);
  return [url.pathname, ...parts, ...url.search.split(/[?&=]/), ...url.searchParams.values()];
}
