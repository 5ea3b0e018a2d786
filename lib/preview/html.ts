import { escapeHtml } from "../text/html.ts";

/** A piece of HTML, as opposed to text that has to be escaped first. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | readonly Html[];

/** HTML from a template: whatever is put into it as text stays text. */
export const html = (literals: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: String.raw({ raw: literals }, ...parts.map(source)),
});

function source(part: Part): string {
  if (typeof part === "string") return escapeHtml(part);
  return "html" in part ? part.html : part.map(source).join("");
}

export const nothing: Html = { html: "" };
