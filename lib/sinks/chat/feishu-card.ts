import type { Card, Fact, Tone } from "./card.ts";

const colours: Readonly<Record<Tone, { readonly header: string; readonly tag: string }>> = {
  running: { header: "blue", tag: "blue" },
  success: { header: "green", tag: "green" },
  failure: { header: "red", tag: "red" },
  attention: { header: "orange", tag: "orange" },
  quiet: { header: "grey", tag: "neutral" },
};

/** The card as JSON 2.0, plain text only: Feishu's Markdown would mention everyone for `<at id=all>`. */
export function feishuCard(card: Card): object {
  const { glyph, title, subtitle, transition, body, facts, links, footer } = card;
  // A digest's facts are whole lines, which do not fit into two columns.
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

// https://open.feishu.cn/document/feishu-cards/card-json-v2-structure: a card has at most 200 elements and components.
const maxElements = 200;

/** Whether a card, as JSON, is within Feishu's element limit; each element has a tag. */
export const hasRoom = (json: string): boolean => json.split('"tag":').length - 1 <= maxElements;

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
