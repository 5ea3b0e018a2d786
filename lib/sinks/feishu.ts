import { createHmac } from "node:crypto";
import * as v from "valibot";
import { described } from "../config/fields.ts";
import { parseJson } from "../json.ts";
import type { SinkName } from "../names.ts";
import type { Card, Fact, Tone } from "./chat/card.ts";
import { fitted } from "./chat/fit.ts";
import { bytes } from "./chat/foreign.ts";
import { chatEntries, httpsUnlessPrivate } from "./chat/options.ts";
import { chatSink } from "./chat/post.ts";
import { words } from "./chat/text.ts";
import {
  blocked,
  type Codes,
  codeOf,
  codeVerdict,
  fieldsOf,
  permanent,
  retry,
  textOf,
} from "./chat/verdict.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const secretExpectation = "the robot's signature secret";
const fields = v.strictObject({
  ...chatEntries,
  secret: v.optional(
    described(
      v.pipe(v.string(secretExpectation), v.nonEmpty(secretExpectation)),
      "The robot's secret, where its signature verification is on.",
    ),
  ),
});
export const schema = v.pipe(fields, httpsUnlessPrivate<v.InferOutput<typeof fields>>());
export type FeishuOptions = v.InferOutput<typeof schema>;

/** Posts an interactive card to a custom robot of Feishu or Lark. */
export function create(name: SinkName, options: FeishuOptions, deps: SinkDeps): Sink {
  const url = new URL(options.url);
  const { secret } = options;
  return chatSink(name, options, deps, {
    request: (card, nowMs) => {
      const content = fitted(card, words[options.language], feishuCard, isSmall);
      const guard = secret === undefined ? {} : signed(secret, Math.floor(nowMs / 1_000));
      return { url, body: JSON.stringify({ ...guard, msg_type: "interactive", card: content }) };
    },
    verdict: (answer, context) => {
      const { code, msg, StatusCode } = fieldsOf(parseJson(answer.body));
      const saying = { code: codeOf(code) ?? codeOf(StatusCode), message: textOf(msg) };
      return codeVerdict(answer, saying, { success: "0", codes }, context);
    },
    secrets: secret === undefined ? [] : [secret],
  });
}

/** Feishu signs nothing, with the text as the key: DingTalk does it the other way round. */
export function signed(secret: string, timestampSeconds: number): { timestamp: string; sign: string } {
  const sign = createHmac("sha256", `${timestampSeconds}\n${secret}`).digest("base64");
  return { timestamp: String(timestampSeconds), sign };
}

// A request holds 20 KB; the signature and what stands around the card take the rest.
const maxCardBytes = 19_000;
const isSmall = (card: object): boolean => bytes(JSON.stringify(card)) <= maxCardBytes;

const colours: Readonly<Record<Tone, { readonly header: string; readonly tag: string }>> = {
  running: { header: "blue", tag: "blue" },
  success: { header: "green", tag: "green" },
  failure: { header: "red", tag: "red" },
  attention: { header: "orange", tag: "orange" },
  quiet: { header: "grey", tag: "neutral" },
};

/** The card, JSON 2.0. Every text of it is plain: Feishu's Markdown would mention everyone for `<at id=all>`. */
export function feishuCard(card: Card): object {
  const { glyph, title, subtitle, transition, body, facts, links, footer } = card;
  // A digest's facts are whole lines, which two columns would break.
  const rows = transition === "" ? facts.map((fact) => [fact]) : pairs(facts);
  return {
    schema: "2.0",
    config: { update_multi: true, width_mode: "fill", summary: { content: card.plainText } },
    header: {
      template: colours[card.tone].header,
      title: plain(`${glyph} ${title}`),
      subtitle: plain(subtitle),
      text_tag_list:
        transition === ""
          ? []
          : [{ tag: "text_tag", text: plain(transition), color: colours[card.tone].tag }],
    },
    body: {
      elements: [
        ...body.map((text) => line(text)),
        ...rows.map((row) => ({ tag: "column_set", columns: row.map(column) })),
        ...links.map(button),
        ...(footer === "" ? [] : [line(footer, { text_size: "notation", text_color: "grey" })]),
      ],
    },
  };
}

const plain = (content: string) => ({ tag: "plain_text", content });
const line = (content: string, style: object = {}) => ({ tag: "div", text: { ...plain(content), ...style } });

const column = ({ label, value }: Fact) => ({
  tag: "column",
  width: "weighted",
  weight: 1,
  elements: [line(label, { text_size: "notation", text_color: "grey" }), line(value)],
});

const button = ({ label, url }: Card["links"][number]) => ({
  tag: "button",
  text: plain(label),
  type: "default",
  behaviors: [{ type: "open_url", default_url: url }],
});

const pairs = (facts: readonly Fact[]): readonly (readonly Fact[])[] =>
  facts.flatMap((_, index) => (index % 2 === 0 ? [facts.slice(index, index + 2)] : []));

const codes: Codes = new Map([
  ["9499", permanent("rejected", "Feishu cannot read the message, or it is too large")],
  ["11232", retry("throttled", "too many messages; full and half hours are the worst", 30_000)],
  ["99991400", retry("throttled", "too many messages", 30_000)],
  ["19001", blocked("unauthorized", "the robot's URL is not valid")],
  ["19021", blocked("unauthorized", "the signature is wrong: check the secret and this machine's clock")],
  ["19022", blocked("unauthorized", "this address is not on the robot's list")],
  ["19024", blocked("unauthorized", "the robot wants a keyword: put it into titlePrefix")],
]);
