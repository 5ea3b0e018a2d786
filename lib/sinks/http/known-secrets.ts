const mask = "***";
/** Shorter words are masked only as whole words. */
const leastInside = 4;
const leastAlone = 2;

/** Masks the given values everywhere: whole, word by word, and in their usual encodings. */
export function maskKnown(text: string, secrets: readonly string[]): string {
  const words = [...new Set(secrets.flatMap(wordsOf))]
    .filter(({ length }) => length >= leastAlone)
    .toSorted((a, b) => b.length - a.length);
  const bare = words
    .filter(({ length }) => length >= leastInside)
    .flatMap(binaryForms)
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, form) => rest.replaceAll(form, mask), text);
  return words.reduce((rest, word) => rest.replace(written(word), mask), bare);
}

/** The parts of a URL that may be secret: path segments and query values, as sent and decoded. */
export function urlSecrets(url: URL): readonly string[] {
  const parts = url.pathname.split("/").filter((part) => !commonPart.test(part));
  const path = url.pathname.length > 1 ? [url.pathname] : [];
  return [...path, ...parts, ...url.search.split(/[?&=]/), ...url.searchParams.values()];
}

/** Path segments that are not secret, such as API names. */
const commonPart =
  /^(?:(?:web)?hooks?|api|apis|v\d{1,2}|services|events?|send|messages?|bot|robot|cgi-bin|open-apis|)$/;

/** The secret, its words, and the user and password of Basic authentication. */
function wordsOf(secret: string): readonly string[] {
  const words = secret.split(/[\s;,&]+/).filter((word) => !scheme.test(word));
  const values = words.flatMap((word) => word.split(/[=:]/).filter((part) => part !== word));
  const logins = words.map(decodedLogin).filter((login) => login !== null);
  const passwords = logins.map((login) => login.slice(login.indexOf(":") + 1));
  return [secret, ...words, ...values, ...logins, ...passwords, ...[secret, ...words].map(decoded)];
}

const scheme = /^(?:bearer|basic|digest|token|apikey)$/i;

function decodedLogin(word: string): string | null {
  if (!/^[\w+/-]{4,}={0,2}$/.test(word)) return null;
  const text = Buffer.from(word, "base64").toString();
  return text.includes(":") && !/[\p{Cc}\ufffd]/u.test(text) ? text : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** Pattern of a word in any case, with any character escaped as in JSON, HTML, URLs, mail or source code. */
function written(word: string): RegExp {
  const forms = Array.from(word, (character) => `(?:${characterForms(character).join("|")})`).join("");
  const isAlone = word.length < leastInside;
  return new RegExp(isAlone ? `(?<![\\p{L}\\p{N}])${forms}(?![\\p{L}\\p{N}])` : forms, "giu");
}

const named: Readonly<Record<string, string>> = {
  "&": "amp",
  "<": "lt",
  ">": "gt",
  '"': "quot",
  "'": "apos",
};

/** Every repetition is bounded, so matching takes linear time. */
function characterForms(character: string): readonly string[] {
  const code = character.codePointAt(0) ?? 0;
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  const bytes = [...Buffer.from(character)];
  return [
    `\\\\{0,8}${literal(code)}`,
    units.map((unit) => `\\\\{1,8}u${hex(unit, 4)}`).join(""),
    bytes.map((byte) => `[%=](?:25){0,4}${hex(byte, 2)}`).join(""),
    bytes.map((byte) => `\\\\{1,8}x${hex(byte, 2)}`).join(""),
    `&(?:amp;){0,4}#(?:0{0,6}${code}|x0{0,6}${hex(code, 0)});`,
    // UTF-8 decoded as Latin-1.
    ...(bytes.length > 1 ? [bytes.map(literal).join("")] : []),
    ...(named[character] ? [`&(?:amp;){0,4}${named[character]};`] : []),
    ...(character === " " ? ["\\+"] : []),
  ];
}

const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, "0");
const literal = (code: number): string => `\\u{${hex(code, 0)}}`;

/** A word in hex and base64, also inside the base64 of a longer text: three bytes make four characters. */
function binaryForms(word: string): readonly string[] {
  const bytes = Buffer.from(word);
  const inside = [0, 1, 2].flatMap((shift) => {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64url");
    const part = shifted.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
    return [part, part.replaceAll("-", "+").replaceAll("_", "/")];
  });
  const inHex = bytes.toString("hex");
  const forms = [
    inHex,
    inHex.toUpperCase(),
    bytes.toString("base64"),
    bytes.toString("base64url"),
    ...inside,
  ];
  return forms.filter(({ length }) => length > leastInside);
}
