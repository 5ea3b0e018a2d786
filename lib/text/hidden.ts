/** Scripts that use U+200C and U+200D to join or separate letters. */
const joiningScripts = [
  ...["Arabic", "Syriac", "Mandaic", "Nko", "Mongolian", "Manichaean", "Devanagari", "Bengali", "Gurmukhi"],
  ...["Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Tibetan", "Myanmar"],
  ...["Khmer", "Balinese", "Javanese"],
];
const joiningLetter = `[${joiningScripts.map((script) => `\\p{scx=${script}}`).join("")}]`;
const picture = "\\p{ExtPict}\\p{EMod}?\\uFE0F?";

/** Invisible characters in their legitimate contexts. */
const proper = [
  // Emoji sequences, such as families and professions.
  `(?<=${picture})\\u200D(?=\\p{ExtPict})`,
  // Persian and the Indic scripts.
  `(?<=${joiningLetter})[\\u200C\\u200D]`,
  // Emoji and text presentation, such as hearts and keycaps.
  "(?<=\\p{Emoji})[\\uFE0E\\uFE0F]",
  "(?<=\\p{EMod})\\uFE0F",
  // Standardized variants of a character.
  "(?<=[\\p{Script=Han}\\p{Sm}\\p{Script=Myanmar}\\p{Script=Phags_Pa}])[\\uFE00-\\uFE0D]",
  "(?<=\\p{Script=Han})[\\u{E0100}-\\u{E01EF}]",
  "(?<=\\p{Script=Mongolian})[\\u180B-\\u180D\\u180F]",
  // Flags of England, Scotland and Wales.
  "(?<=\\u{1F3F4}[\\u{E0020}-\\u{E007E}]{0,6})[\\u{E0020}-\\u{E007F}]",
  // Visible signs that Unicode counts among the format characters.
  "[\\u0600-\\u0605\\u06DD\\u070F\\u0890\\u0891\\u08E2\\u{110BD}\\u{110CD}]",
].join("|");

/** Format characters and default-ignorable code points. */
const invisible = "[\\p{Cf}\\p{DI}]";

/** Made for the first text that may need it: it reads Unicode's tables, which is two percent of a cold start. */
let hidden: RegExp | null = null;

/**
 * Replaces hidden characters one by one: zero-width spaces, tags, fillers, direction marks. Joiners and selectors inside
 * an emoji or a script that uses them stay.
 */
export function replaceHidden(text: string, replacement: (character: string) => string): string {
  // The first of them is the soft hyphen.
  if (!/[\u00ad-\uffff]/.test(text)) return text;
  hidden ??= new RegExp(`(?=${invisible})(?!${proper}).`, "gsu");
  return text.replace(hidden, replacement);
}

/** Removes hidden characters, as `replaceHidden` finds them. */
export const withoutHidden = (text: string): string => replaceHidden(text, () => "");
