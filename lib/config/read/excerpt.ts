import { engines } from "../../core/names.ts";
import { durationPattern } from "../../options/duration.ts";
import { sinkTypes } from "../../sinks/index.ts";

const mostCharacters = 100;

/** Words that stand in configurations and are nobody's secret. */
const vocabulary: ReadonlySet<string> = new Set([
  ...engines,
  ...Object.keys(sinkTypes),
  ...["memory", "file", "dynamodb", "postgres", "bucket", "obs", "s3", "all", "now", "true", "false", "null"],
  ...["export", "default", "const", "as", "satisfies", "="],
]);
const isPublic = (word: string): boolean =>
  vocabulary.has(word) ||
  durationPattern.test(word) ||
  /^(?:-?\d{1,6}|[-<*&|>?]+|[a-z]{2}-[a-z]+-\d|\$\{\w+\}|---)$/.test(word);

const token = /(["'])(.*?)(\1|$)(\s*:)?|(?<=\s|^)#.*|\$\{\w+\}|[^\s,{}[\]"']+/g;

/**
 * A line of a configuration with a caret under a column, both from 1 on. Keys are shown, and the values that `shown`
 * holds or that are nobody's secret; any other value is left out.
 */
export function excerptOf(text: string, line: number, column: number, shown: string): string {
  const written = text.split(/\r\n|[\r\n]/)[line - 1] ?? "";
  const isShown = (value: string): boolean =>
    isPublic(value) || (value !== "" && shown.includes(JSON.stringify(value)));
  let caret = column - 1;
  const masked = written.replace(
    token,
    (whole, quote?: string, inner = "", end = "", colon = "", ...rest) => {
      const at = rest.find((each) => typeof each === "number") ?? 0;
      const instead = quote
        ? colon || isShown(inner)
          ? whole
          : `${quote}…${end}`
        : /:$/.test(whole) || isShown(whole)
          ? whole
          : whole.startsWith("#")
            ? "# …"
            : "…";
      // Columns behind a masked value move with it.
      if (at + whole.length <= column - 1) caret += instead.length - whole.length;
      return instead;
    },
  );
  const visible = masked.replaceAll("\t", "→");
  const start = Math.max(0, Math.min(caret - mostCharacters / 2, visible.length - mostCharacters));
  const number = String(line);
  const gutter = " ".repeat(number.length);
  return [
    `${number} | ${visible.slice(start, start + mostCharacters).trimEnd()}`,
    `${gutter} | ${" ".repeat(Math.max(0, caret - start))}^`,
  ].join("\n");
}
