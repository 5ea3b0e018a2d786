import { escapeHtml } from "../../text/html.ts";
import type { Card, Tone } from "../chat/card.ts";
import { shorten } from "../chat/sanitize.ts";
import type { Words } from "../chat/text.ts";

/** A mail's text, in HTML and plain forms. */
export interface MailContent {
  /** One line. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const maxSubjectCharacters = 200;

const colours: Readonly<Record<Tone, string>> = {
  running: "#2F6FDE",
  success: "#1E8E3E",
  failure: "#D93025",
  attention: "#B06000",
  quiet: "#5F6368",
};

/** The mail content of a card. */
export const mailContent = (card: Card, { colon }: Words): MailContent => ({
  subject: shorten(`${card.glyph} ${card.title}`, maxSubjectCharacters),
  text: textOf(card, colon),
  html: htmlOf(card),
});

function textOf(card: Card, colon: string): string {
  const { glyph, title, subtitle, transition, body, facts, links, footer } = card;
  const blocks = [
    [`${glyph} ${title}`, subtitle, transition].filter(Boolean).map(linkless),
    body.map(linkless),
    facts.map(({ label, value }) => linkless(`${label}${colon}${value}`)),
    links.map(({ label, url }) => `${linkless(label)}${colon}${url}`),
    [linkless(footer)],
  ];
  return `${blocks
    .map((lines) => lines.join("\n"))
    .filter(Boolean)
    .join("\n\n")}\n`;
}

function htmlOf(card: Card): string {
  const { tone, glyph, title, subtitle, transition, body, facts, links, footer } = card;
  const colour = colours[tone];
  const rows = facts.map(
    ({ label, value }) =>
      `<tr><td style="padding:2px 16px 2px 0;color:#5F6368;vertical-align:top">${escaped(label)}</td><td style="padding:2px 0">${escaped(value)}</td></tr>`,
  );
  const anchors = links.map(({ label, url }) => `<a href="${escapeHtml(url)}">${escaped(label)}</a>`);
  const parts = [
    `<p style="margin:0;font-size:18px;font-weight:bold">${escaped(`${glyph} ${title}`)}</p>`,
    `<p style="margin:0;color:#5F6368">${escaped(subtitle)}</p>`,
    transition === ""
      ? ""
      : `<p style="margin:8px 0;font-weight:bold;color:${colour}">${escaped(transition)}</p>`,
    body.length === 0 ? "" : `<p style="margin:8px 0">${body.map(escaped).join("<br>")}</p>`,
    rows.length === 0 ? "" : `<table style="border-collapse:collapse">${rows.join("\n")}</table>`,
    anchors.length === 0 ? "" : `<p style="margin:8px 0">${anchors.join(" · ")}</p>`,
    footer === "" ? "" : `<p style="margin:8px 0 0;font-size:12px;color:#5F6368">${escaped(footer)}</p>`,
  ];
  return `<!doctype html>
<html><head><meta charset="utf-8"></head><body style="margin:0;padding:16px;font-family:sans-serif;font-size:14px;color:#202124">
<div style="border-left:4px solid ${colour};padding-left:12px">
${parts.filter(Boolean).join("\n")}
</div>
</body></html>
`;
}

/** Breaks bare URLs, which mail programs would turn into links. */
const linkless = (text: string): string => text.replaceAll("://", "：//");

const escaped = (text: string): string => escapeHtml(linkless(text));
