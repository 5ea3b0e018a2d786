import { escapeHtml } from "../text/html.ts";

/** Safe HTML, as opposed to text that must be escaped. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | readonly Html[];

/** HTML from a template literal; texts put into it are escaped. */
export const html = (literals: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: String.raw({ raw: literals }, ...parts.map(source)),
});

function source(part: Part): string {
  if (typeof part === "string") return escapeHtml(part);
  return "html" in part ? part.html : part.map(source).join("");
}

/** No HTML. */
export const nothing: Html = { html: "" };
