import { type Html, html, nothing } from "./html.ts";
import { previewed } from "./platforms.ts";
import type { Album } from "./preview.ts";

// The middle dot between names is wide in a Chinese font.
const css = `
  @font-face { font-family: dot; src: local("Segoe UI"), local("Helvetica Neue"), local("DejaVu Sans"); unicode-range: U+B7; }
  html { color-scheme: light dark; }
  * { box-sizing: border-box; }
  body { margin: 0; padding: 16px; width: 980px; background: light-dark(#fff, #0d1117); color: light-dark(#222, #e6edf3); line-height: 1.46;
    font-family: dot, "Noto Sans CJK SC", "Segoe UI", "Helvetica Neue", "PingFang SC", "Microsoft YaHei", sans-serif, "Noto Color Emoji"; }
  nav { display: flex; flex-wrap: wrap; gap: 4px 14px; padding: 0 0 16px; font-size: 14px; }
  nav a { color: light-dark(#0969da, #4493f8); }
  section { padding: 4px 0 12px; }
  h2 { font-size: 18px; margin: 0 0 8px; }
  .cards { columns: 2; column-gap: 16px; }
  figure { margin: 0 0 14px; break-inside: avoid; }
  figcaption { font-size: 11px; color: #8a8a8a; margin-bottom: 2px; }
  .card { overflow-wrap: anywhere; }`;

/** A self-contained page that shows each sink's messages as its platform does. */
export function pageOf(albums: readonly Album[]): string {
  const drawn = new Set(albums.map(({ type }) => previewed[type].drawing.css));
  const style = { html: [css, ...drawn].join("") };
  const page = html`<html lang="en"><meta charset="utf-8"><title>Messages of dms-task-bridge</title>
<style>${style}</style>
<body>${albums.length < 2 ? nothing : index(albums)}${albums.map(section)}</body></html>
`;
  return `<!doctype html>\n${page.html}`;
}

/** A page with an album's first message alone, as wide as its frame. */
export function messagePage({ type, messages: [message] }: Album): string {
  const { css: looks, looks: className, draw } = previewed[type].drawing;
  const style = { html: `${css} body { width: auto; padding: 12px; } .card { max-width: 640px; }${looks}` };
  const page = html`<html lang="en"><meta charset="utf-8"><title>Message</title>
<style>${style}</style>
<body><div class="${className}"><div class="card">${message ? draw(message.body) : nothing}</div></div></body></html>
`;
  return `<!doctype html>\n${page.html}`;
}

const titleOf = ({ name, type }: Album): string =>
  `${previewed[type].title}${name === String(type) ? "" : `: ${name}`}`;

const index = (albums: readonly Album[]): Html => html`
<nav>${albums.map((album) => html`<a href="#${album.name}">${album.name}</a> `)}</nav>`;

const section = (album: Album): Html => html`
<section id="${album.name}" class="${previewed[album.type].drawing.looks}"><h2>${titleOf(album)}</h2><div class="cards">${album.messages.map(
  ({ sample, body }) => html`
<figure><figcaption>${sample}</figcaption><div class="card">${previewed[album.type].drawing.draw(body)}</div></figure>`,
)}</div></section>`;
