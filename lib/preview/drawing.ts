import * as v from "valibot";
import { parseExactJson, safeJson } from "../text/json.ts";
import { type Html, html } from "./html.ts";

/** Draws a message roughly as its platform shows it. */
export interface Drawing {
  /** Class of the element around the messages. */
  readonly looks: string;
  /** CSS rules inside that element. */
  readonly css: string;
  /** @throws ValiError for an unknown form of message */
  draw(body: string): Html;
}

/** Draws a JSON message of the given form. */
export const drawJson =
  <Schema extends v.GenericSchema>(message: Schema, show: (message: v.InferOutput<Schema>) => Html) =>
  (body: string): Html =>
    show(v.parse(message, JSON.parse(body)));

/** A name with its colon, a text, or another value of JSON. */
const jsonToken = /"(?:\\.|[^"\\])*"\s*:?|\b(?:true|false|null)\b|-?\b\d[\d.eE+-]*/g;

/** Shows a body as it is; JSON indented and coloured. */
export const plainBody: Drawing = {
  looks: "body",
  css: `
    .body .cards { columns: 1; }
    .body pre { margin: 0; padding: 12px; border-radius: 8px; background: light-dark(#f6f8fa, #161b22); white-space: pre-wrap;
      font: 12px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans CJK SC", monospace; }
    .body .name { color: light-dark(#0550ae, #79c0ff); } .body .text { color: light-dark(#116329, #7ee787); }
    .body .value { color: light-dark(#953800, #ffa657); }`,
  draw: (body) => {
    const value = parseExactJson(body);
    return html`<pre>${value === undefined ? body : coloured(safeJson(value, 2))}</pre>`;
  },
};

function coloured(json: string): readonly Html[] {
  const parts: Html[] = [];
  let end = 0;
  for (const { 0: token, index } of json.matchAll(jsonToken)) {
    const kind = token.endsWith(":") ? "name" : token.startsWith('"') ? "text" : "value";
    parts.push(html`${json.slice(end, index)}`, html`<span class="${kind}">${token}</span>`);
    end = index + token.length;
  }
  return [...parts, html`${json.slice(end)}`];
}
