import { fieldsOf, parseJson } from "../text/json.ts";
import type { Card, Tone } from "./chat/card.ts";
import {
  blocked,
  type CodeMeanings,
  codeOf,
  codeResult,
  permanent,
  retry,
  textOf,
} from "./chat/code-result.ts";
import { fitted, joined } from "./chat/fit.ts";
import { modeEntry } from "./chat/living.ts";
import { livingModule } from "./chat/module.ts";
import { chatEntries } from "./chat/options.ts";
import { shorten } from "./chat/sanitize.ts";
import { words } from "./chat/text.ts";
import { statusResult } from "./http/response.ts";
import { urlSchema } from "./http/url-schema.ts";

/** Posts one embed per task to a Discord webhook, and edits it. */
export const { schema, create } = livingModule(
  urlSchema(
    { ...chatEntries, mode: modeEntry(["update", "post"], "update") },
    {
      host: /(^|\.)discord(app)?\.com$/,
      path: /^\/api(\/v\d+)?\/webhooks\/[^/]+\/[^/]+\/?$/,
      expectation:
        "the URL of a webhook (/api/webhooks/…/…) as Discord shows it; /slack and /github take other messages",
    },
  ),
  (options) => {
    const url = new URL(options.url);
    // Without it Discord does not report that a message was not saved.
    url.searchParams.set("wait", "true");
    const body = (card: Card): string =>
      JSON.stringify(fitted(card, words[options.language], discordMessage, isSmall));
    const post = (card: Card) => ({ url, body: body(card) });
    return {
      post,
      edit: (card, message) => ({ method: "PATCH", url: messageUrl(options.url, message), body: body(card) }),
      // A webhook cannot reply to a message.
      reply: post,
      toResult: (response, context) => {
        const { code, message, retry_after: seconds, id, errors } = fieldsOf(parseJson(response.body));
        if (response.status === 429 && typeof seconds === "number") {
          return statusResult({ ...response, retryAfter: String(seconds) }, context);
        }
        // A saved message has an id and no code.
        const said = String(code) === invalidForm && isPlacesFault(errors) ? invalidPlace : codeOf(code);
        const reply = { code: said ?? (codeOf(id) && posted), message: textOf(message) };
        const result = codeResult(response, reply, { success: posted, codes }, context);
        return result.kind === "accepted" ? { ...result, message: textOf(id) } : result;
      },
      isGone: ({ body }) => gone.has(codeOf(fieldsOf(parseJson(body))["code"]) ?? ""),
      secrets: [],
    };
  },
);

function messageUrl(webhook: string, message: string): URL {
  const url = new URL(webhook);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/messages/${encodeURIComponent(message)}`;
  return url;
}

const posted = "posted";
const maxFields = 25;
const maxEmbedCharacters = 6_000;
const limits = { title: 256, description: 4_096, name: 256, value: 1_024, footer: 2_048 } as const;

const colours: Readonly<Record<Tone, number>> = {
  running: 0x2f6fde,
  success: 0x2eb67d,
  failure: 0xe01e5a,
  attention: 0xecb22e,
  quiet: 0x9aa0a6,
};

/** Body of a Discord message. */
export interface DiscordMessage {
  readonly allowed_mentions: { readonly parse: readonly string[] };
  readonly embeds: readonly [DiscordEmbed];
}

interface DiscordEmbed {
  readonly color: number;
  readonly title: string;
  readonly description: string;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly inline: boolean }[];
  readonly footer?: { readonly text: string };
}

/** The card as a message that mentions nobody, whatever its text. */
export function discordMessage(card: Card): DiscordMessage {
  const { glyph, title, subtitle, transition, body, facts, links, footer } = card;
  const description = [
    escaped(subtitle),
    transition === "" ? "" : `**${escaped(transition)}**`,
    ...body.map(escaped),
  ]
    .filter(Boolean)
    .join("\n");
  const linkTexts = links.map(({ label, url }) => `[${escaped(label)}](${url})`);
  const linkLine = joined(linkTexts, " · ", limits.description - description.length - 1);
  const embed: DiscordEmbed = {
    color: colours[card.tone],
    title: text(`${glyph} ${title}`, limits.title),
    description: [description, linkLine].filter(Boolean).join("\n"),
    fields: facts.map(({ label, value, atMs }) => ({
      name: text(label, limits.name),
      // Discord writes an instant in the reader's own time.
      value: atMs === undefined ? text(value, limits.value) : `<t:${Math.floor(atMs / 1_000)}:f>`,
      inline: transition !== "",
    })),
    // A footer shows its text unformatted.
    ...(footer === "" ? {} : { footer: { text: shorten(footer, limits.footer) } }),
  };
  return { allowed_mentions: { parse: [] }, embeds: [embed] };
}

/** All marks of Discord's Markdown, links and mentions included; also the colon, which breaks bare URLs. */
const escaped = (text: string): string => text.replace(/^-|[\\*_~|`<>[\]()#@:]/g, "\\$&");

const text = (foreign: string, most: number): string =>
  escaped(shorten(foreign, most, (part) => escaped(part).length));

function isSmall({ embeds: [{ title, description, fields, footer }] }: DiscordMessage): boolean {
  const texts = [
    title,
    description,
    footer?.text ?? "",
    ...fields.flatMap(({ name, value }) => [name, value]),
  ];
  const characters = texts.reduce((sum, { length }) => sum + length, 0);
  return (
    characters <= maxEmbedCharacters && fields.length <= maxFields && description.length <= limits.description
  );
}

const invalidForm = "50035";
const invalidPlace = "50035 of the URL";

/** Whether the form errors concern the URL, not the message. */
const isPlacesFault = (errors: unknown): boolean =>
  Object.keys(fieldsOf(errors)).some((field) => /^(thread|webhook|channel|message)_/.test(field));

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const codes: CodeMeanings = new Map([
  [invalidForm, permanent("rejected", "Discord finds a field of the message wrong or too long")],
  ["50006", permanent("rejected", "Discord found nothing in the message")],
  ["40005", permanent("too_large", "the message is too large")],
  ["20009", permanent("rejected", "Discord finds the message unfit for the channel")],
  ["200000", permanent("rejected", "the server's AutoMod blocks the message")],
  ["200001", permanent("rejected", "the server's AutoMod blocks the title")],
  ["240000", permanent("rejected", "Discord finds a link in the message harmful")],
  [invalidPlace, blocked("not_found", "the webhook's URL is not right: look at its thread_id")],
  ["10003", blocked("not_found", "the channel or thread does not exist")],
  ["10004", blocked("not_found", "the server does not exist")],
  ["10015", blocked("gone", "the webhook was removed")],
  ["10016", blocked("gone", "the webhook was removed")],
  ["50001", blocked("unauthorized", "the webhook has no access to the channel")],
  ["50013", blocked("unauthorized", "the webhook may not post to the channel")],
  ["50024", blocked("rejected", "the channel is of a kind that takes no such messages")],
  ["50027", blocked("unauthorized", "the webhook's token is not valid")],
  ["160005", blocked("gone", "the thread is locked")],
  ["160006", blocked("throttled", "the server has as many active threads as it may")],
  ["220001", blocked("rejected", "the channel is a forum: add thread_id to the webhook's URL")],
  ["220003", blocked("rejected", "the channel is no forum: take thread_name out of the webhook's URL")],
  ["220004", blocked("rejected", "webhooks of this kind do not work in a forum")],
  ["20016", retry("throttled", "the channel is in slow mode")],
  ["20028", retry("throttled", "too many messages in the channel")],
  ["130000", retry("server_error", "Discord is overloaded")],
]);

/** Unknown message, another author's message, edited too often, archived thread. */
const gone: ReadonlySet<string> = new Set(["10008", "50005", "30046", "50083"]);
