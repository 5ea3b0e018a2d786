import { withoutHidden } from "./hidden.ts";

/** Cuts a text to `maxLength` UTF-16 units, with an ellipsis as the last; never inside a surrogate pair. */
export const truncate = (text: string, maxLength: number): string =>
  text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;

/** Formats text from outside as one line of at most `maxLength`, without control and hidden characters. */
export const oneLine = (text: string, maxLength = 300): string =>
  truncate(
    withoutHidden(text)
      .replace(/[\s\p{Cc}\p{Cs}]+/gu, " ")
      .trim(),
    maxLength,
  );
