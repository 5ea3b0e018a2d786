import type { Card, Fact, Tone } from "./card.ts";
import { blocked, type CodeMeanings, permanent, retry } from "./code-result.ts";
import { fitted } from "./fit.ts";
import { shorten } from "./sanitize.ts";
import { type Language, words } from "./text.ts";

// Undocumented: Slack was observed to refuse blocks of about 13,200 characters in total.
const maxCharacters = 10_000;
const maxHeaderCharacters = 150;
const maxTextCharacters = 2_000;

const colours: Readonly<Record<Tone, string>> = {
  running: "#2F6FDE",
  success: "#2EB67D",
  failure: "#E01E5A",
  attention: "#ECB22E",
  quiet: "#9AA0A6",
};

/** A message in Slack's JSON form. */
export interface SlackMessage {
  readonly unfurl_links: false;
  readonly unfurl_media: false;
  readonly attachments: readonly object[];
}

/** The card as a Slack message: blocks inside an attachment, the only element with a colour bar. */
export const slackMessage = (card: Card, language: Language): SlackMessage =>
  fitted(card, words[language], messageOf, (message) => JSON.stringify(message).length <= maxCharacters);

function messageOf(card: Card): SlackMessage {
  const { glyph, title, subtitle, transition, body, facts, footer } = card;
  const buttons = card.links.slice(0, maxButtons).map(button);
  const blocks = [
    { type: "header", text: plain(`${glyph} ${title}`, maxHeaderCharacters) },
    richText([
      [...(transition === "" ? [] : [bold(transition), text("\n")]), text(subtitle)],
      ...(body.length === 0 ? [] : [[text(body.join("\n"))]]),
    ]),
    ...(facts.length === 0 ? [] : [transition === "" ? changes(facts) : factLines(facts)]),
    ...(buttons.length === 0 ? [] : [{ type: "actions", elements: buttons }]),
    ...(footer === "" ? [] : [{ type: "context", elements: [plain(footer)] }]),
  ];
  return {
    unfurl_links: false,
    unfurl_media: false,
    attachments: [{ color: colours[card.tone], fallback: escaped(card.plainText), blocks }],
  };
}

/** Escapes the three characters that Slack parses in plain text. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const plain = (text: string, most = maxTextCharacters) => ({
  type: "plain_text",
  text: escaped(shorten(text, most, (part) => escaped(part).length)),
  emoji: false,
});

/** https://docs.slack.dev/reference/block-kit/blocks/rich-text-block: its texts are shown as they are, without marks. */
interface RichElement {
  readonly type: "text" | "date";
  readonly text?: string;
  readonly style?: { readonly bold: true };
  readonly timestamp?: number;
  readonly format?: string;
  readonly fallback?: string;
}

const text = (content: string): RichElement => ({ type: "text", text: shorten(content, maxTextCharacters) });
const bold = (content: string): RichElement => ({ ...text(content), style: { bold: true } });
const section = (elements: readonly RichElement[]) => ({ type: "rich_text_section", elements });
const richText = (sections: readonly (readonly RichElement[])[]) => ({
  type: "rich_text",
  elements: sections.map(section),
});

/** One line a fact: its label in bold, instants in the reader's own time. */
const factLines = (facts: readonly Fact[]) =>
  richText([
    facts.flatMap(({ label, value, atMs }, index) => [
      ...(index === 0 ? [] : [text("\n")]),
      bold(label),
      text("  "),
      atMs === undefined
        ? text(value)
        : {
            type: "date" as const,
            timestamp: Math.floor(atMs / 1_000),
            format: "{date_short_pretty}, {time_secs}",
            fallback: value,
          },
    ]),
  ]);

/** A list of a digest's changes below the name of each instance. */
const changes = (facts: readonly Fact[]) => ({
  type: "rich_text",
  elements: Array.from(
    Map.groupBy(facts, ({ group }) => group),
    ([group, lines]) => [
      ...(group === undefined ? [] : [section([bold(group)])]),
      {
        type: "rich_text_list",
        style: "bullet",
        elements: lines.map(({ label, value }) => section([bold(label), text(`  ${value}`)])),
      },
    ],
  ).flat(),
});

// https://docs.slack.dev/reference/block-kit/block-elements/button-element
const maxButtons = 5;
const maxButtonCharacters = 75;
const button = ({ label, url }: Card["links"][number], index: number) => ({
  type: "button",
  text: plain(label, maxButtonCharacters),
  url,
  action_id: `link-${index}`,
});

/**
 * Slack's error codes, for webhooks and for the API.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
 * https://docs.slack.dev/reference/methods/chat.postMessage
 */
export const messageCodes: CodeMeanings = new Map([
  ["invalid_blocks", permanent("rejected", "Slack cannot read the message's blocks")],
  ["invalid_blocks_format", permanent("rejected", "Slack cannot read the message's blocks")],
  ["invalid_attachments", permanent("rejected", "Slack cannot read the message's attachment")],
  ["no_text", permanent("rejected", "Slack found no text in the message")],
  ["msg_too_long", permanent("too_large", "the message is too long")],
  ["msg_blocks_too_long", permanent("too_large", "the message's blocks are too long")],
  ["too_many_attachments", permanent("too_large", "too many attachments")],
  ["attachment_payload_limit_exceeded", permanent("too_large", "the message's attachment is too long")],
  ["channel_not_found", blocked("not_found", "the channel does not exist, or is not to be seen")],
  ["team_not_found", blocked("not_found", "the workspace does not exist")],
  ["restricted_action", blocked("unauthorized", "an administrator forbids posting to the channel")],
  ["restricted_action_read_only_channel", blocked("unauthorized", "the channel is read-only")],
  ["restricted_action_thread_only_channel", blocked("unauthorized", "the channel takes replies only")],
  [
    "restricted_action_non_threadable_channel",
    blocked("unauthorized", "the channel takes no replies: set mode"),
  ],
  ["restricted_action_thread_locked", blocked("unauthorized", "the thread is locked")],
  ["ekm_access_denied", blocked("unauthorized", "administrators have suspended posting (key management)")],
  ["team_access_not_granted", blocked("unauthorized", "the app was not granted to the workspace")],
  ["org_login_required", blocked("unauthorized", "the workspace is being moved to an organization")],
  ["team_added_to_org", blocked("unauthorized", "the workspace is being moved to an organization")],
  ["message_limit_exceeded", blocked("throttled", "the workspace has used up its messages")],
  ["external_channel_migrating", retry("server_error", "the shared channel is being moved")],
  ["rate_limited", retry("throttled", "too many messages", 1_000)],
  ["ratelimited", retry("throttled", "too many messages", 1_000)],
]);
