import { printParseErrorCode, visit } from "jsonc-parser";
import type { ConfigIssue } from "../../core/errors.ts";
import type { TextSource } from "./text-source.ts";

/** Describes where JSON ends, without quoting the text: it may hold a secret. */
const problems: Readonly<Record<string, string>> = {
  InvalidCommentToken: "a comment, which JSON does not allow: use YAML for comments",
  InvalidSymbol: "a word that is not in quotes",
  InvalidNumberFormat: "a number that JSON does not allow",
  PropertyNameExpected: "no key in double quotes; or a comma after the last value",
  ValueExpected: "no value; or a comma after the last one",
  ColonExpected: "no colon after a key",
  CommaExpected: "no comma between two values",
  CloseBraceExpected: "an end without }",
  CloseBracketExpected: "an end without ]",
  EndOfFileExpected: "more after the end",
  UnexpectedEndOfString: "a text without an end",
  InvalidUnicode: "a wrong \\u escape",
  InvalidEscapeCharacter: "a wrong escape",
  InvalidCharacter: "a control character",
};

/** The first mistake in invalid JSON, with line and column. */
export function jsonMistake({ name, text }: TextSource): ConfigIssue {
  if (text.trim() === "") return { field: name, expected: "JSON", found: "an empty file" };
  const mistakes: { readonly code: string; readonly place: string }[] = [];
  visit(
    text,
    {
      onError: (error, _offset, _length, line, column) =>
        mistakes.push({ code: printParseErrorCode(error), place: `${name}:${line + 1}:${column + 1}` }),
    },
    { disallowComments: true },
  );
  const [first] = mistakes;
  if (first === undefined) return { field: name, expected: "JSON", found: "something else" };
  return { field: first.place, expected: "JSON", found: problems[first.code] ?? "something else" };
}
