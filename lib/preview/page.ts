import { sinkName } from "../core/names.ts";
import { type Html, html, nothing } from "./html.ts";
import { platforms } from "./platforms.ts";
import type { Album } from "./preview.ts";

// The middle dot between names is wide in a Chinese font.
const css = `
  @font-face { font-family: dot; src: local("Segoe UI"), local("Helvetica Neue"), local("DejaVu Sans"); unicode-range: U+B7; }
  html { color-scheme: light dark; }
  * { box-sizing: border-box; }
  body { margin: 0; padding: 16px; width: 980px; background: light-dark(#fff, #0d1117); color: light-dark(#222, #e6edf3); line-height: 1.46;
    font-family: dot, "Noto Sans CJK SC", "Segoe UI", "Helvetica Neue", "PingFang SC", "Microsoft YaHei", sans-serif, "Noto Color Emoji"; }
  section { padding: 4px 0 12px; }
  h2 { font-size: 18px; margin: 0 0 8px; }
  .cards { columns: 2; column-gap: 16px; }
  figure { margin: 0 0 14px; break-inside: avoid; }
  figcaption { font-size: 11px; color: #8a8a8a; margin-bottom: 2px; }
  .card { overflow-wrap: anywhere; }`;

/** A self-contained page that shows each sink's messages as its platform does. */
export function pageOf(albums: readonly Album[]): string {
  const drawn = new Set(albums.map(({ type }) => platforms[type].drawing.css));
  const style = { html: [css, ...drawn].join("") };
  const page = html`<html lang="en"><meta charset="utf-8"><title>Chat messages of dms-task-bridge</title>
<style>${style}</style>
<body>${albums.map(section)}</body></html>
`;
  return `<!doctype html>\n${page.html}`;
}

/** A page with an album's first message alone, as wide as its frame. */
export function messagePage({ type, messages: [message] }: Album): string {
  const { css: looks, looks: className, draw } = platforms[type].drawing;
  const style = { html: `${css} body { width: auto; padding: 12px; } .card { max-width: 640px; }${looks}` };
  const page = html`<html lang="en"><meta charset="utf-8"><title>Message</title>
<style>${style}</style>
<body><div class="${className}"><div class="card">${message ? draw(message.body) : nothing}</div></div></body></html>
`;
  return `<!doctype html>\n${page.html}`;
}

const section = ({ name, type, messages }: Album): Html => html`
<section id="${name}" class="${platforms[type].drawing.looks}"><h2>${platforms[type].title}${name === sinkName(type) ? "" : `: ${name}`}</h2><div class="cards">${messages.map(
  ({ sample, body }) => html`
<figure><figcaption>${sample}</figcaption><div class="card">${platforms[type].drawing.draw(body)}</div></figure>`,
)}</div></section>`;
