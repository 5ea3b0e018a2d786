/** Leaves out signs that are visible though Unicode counts them among the format characters. */
export const withoutVisibleSigns = (text: string): string =>
  text.replaceAll(/[\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}]/gu, "");
