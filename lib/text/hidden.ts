/** Scripts that join or part letters with U+200C and U+200D. */
const joiningScripts = [
  ...["Arabic", "Syriac", "Mandaic", "Nko", "Mongolian", "Manichaean", "Devanagari", "Bengali", "Gurmukhi"],
  ...["Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Tibetan", "Myanmar"],
  ...["Khmer", "Balinese", "Javanese"],
];
const joiningLetter = `[${joiningScripts.map((script) => `\\p{scx=${script}}`).join("")}]`;
const picture = "\\p{ExtPict}\\p{EMod}?\\uFE0F?";

/** Invisible characters where they belong to what stands around them. */
const proper = [
  // A family, a profession.
  `(?<=${picture})\\u200D(?=\\p{ExtPict})`,
  // Persian, the scripts of India.
  `(?<=${joiningLetter})[\\u200C\\u200D]`,
  // An emoji or a text, such as the heart and the keycaps.
  "(?<=\\p{Emoji})[\\uFE0E\\uFE0F]",
  "(?<=\\p{EMod})\\uFE0F",
  // Forms of one character.
  "(?<=[\\p{Script=Han}\\p{Sm}\\p{Script=Myanmar}\\p{Script=Phags_Pa}])[\\uFE00-\\uFE0D]",
  "(?<=\\p{Script=Han})[\\u{E0100}-\\u{E01EF}]",
  "(?<=\\p{Script=Mongolian})[\\u180B-\\u180D\\u180F]",
  // The flags of England, Scotland and Wales.
  "(?<=\\u{1F3F4}[\\u{E0020}-\\u{E007E}]{0,6})[\\u{E0020}-\\u{E007F}]",
  // Signs that are seen, though Unicode counts them among the format characters.
  "[\\u0600-\\u0605\\u06DD\\u070F\\u0890\\u0891\\u08E2\\u{110BD}\\u{110CD}]",
].join("|");

/** Format characters and all that is shown as nothing. */
const invisible = "[\\p{Cf}\\p{DI}]";

/**
 * What hides in a text or turns its direction, character by character: zero-width spaces, tags, fillers, direction marks.
 * Joiners and selectors inside an emoji or a script that has them are no part of it.
 */
export const hidden: RegExp = new RegExp(`(?=${invisible})(?!${proper}).`, "gsu");
