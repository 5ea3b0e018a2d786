import { parseJson } from "../text/json.ts";

const secretKey =
  /pass(?:word|wd|phrase)?$|passw|secret|token|credential|private[-_]?key|access[-_]?key|api[-_]?key|authorization|cookie|^(?:ak|sk|pwd)$/i;
// Each word is looked at once, from its beginning: two open-ended runs around the name would take cubic time.
const secretPair =
  /(?<![\w-])(?=[\w-]*?(?:passw(?:or)?d|secret|token|credential|access[-_]?key|api[-_]?key))([\w-]+[\\"']*\s*[=:]\s*[\\"']*)[^\s,;&]+/gi;
const mask = "***";
const maxDepth = 32;
const maxBytes = 16 * 1024;

/**
 * A task's `params` as a value, with what looks like a secret masked by its key. Text that is no JSON stays text;
 * null when there is none; an object that says so in place of params over 16 KiB.
 */
export function maskedParams(params: string | null): unknown {
  if (params === null || params === "") return null;
  if (params.length > maxBytes) return { truncated: true, characters: params.length };
  const value = parseJson(params);
  return value === undefined ? maskText(params) : maskValue(value, 0);
}

function maskValue(value: unknown, depth: number): unknown {
  if (depth > maxDepth) return mask;
  if (typeof value === "string") return maskNested(value, depth);
  if (Array.isArray(value)) return value.map((item) => maskValue(item, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  // fromEntries defines own properties, so a key named __proto__ stays a key.
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      secretKey.test(key) && inner !== null ? mask : maskValue(inner, depth + 1),
    ]),
  );
}

/** DMS puts JSON inside strings of its JSON; a secret may sit there too. */
function maskNested(text: string, depth: number): string {
  const nested = /^\s*["[{]/.test(text) ? parseJson(text) : undefined;
  return nested === undefined ? maskText(text) : JSON.stringify(maskValue(nested, depth + 1));
}

const maskText = (text: string): string => text.replace(secretPair, `$1${mask}`);
