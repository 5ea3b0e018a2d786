import type { CloudEvent } from "../../change/event.ts";
import { sampleEvent, sampleStatuses } from "../../change/sample.ts";
import type { Refusal } from "../../core/result.ts";
import { Template } from "../../template/template.ts";
import { fieldsOf } from "../../text/json.ts";
import { type Card, type CardStyle, cardOf, cutTexts, type OwnTexts } from "./card.ts";

/** A sink's options for its cards, templates included. */
export interface TemplatedStyle extends CardStyle {
  /** @default the card's own texts */
  readonly template?: { readonly title?: Template | undefined; readonly body?: Template | undefined };
}

type Templates = NonNullable<TemplatedStyle["template"]>;

/** The card of one change with the sink's own texts, or the reason why its templates failed. */
export async function templatedCard(event: CloudEvent, style: TemplatedStyle): Promise<Card | Refusal> {
  const own = await ownTexts(event, style.template ?? {});
  return "kind" in own ? own : cardOf(event, style, own);
}

/** Names the templates of a chat sink whose text is too long for a card, tried on a sample event. */
export async function cutTemplates(options: unknown): Promise<ReadonlySet<keyof Templates>> {
  const { title, body } = fieldsOf(fieldsOf(options)["template"]);
  const templates: Templates = {
    ...(title instanceof Template && { title }),
    ...(body instanceof Template && { body }),
  };
  if (Object.keys(templates).length === 0) return new Set();
  const texts = await Promise.all(
    sampleStatuses.map((status) => ownTexts(sampleEvent(0, status), templates)),
  );
  return new Set(texts.flatMap((own) => ("kind" in own ? [] : cutTexts(own))));
}

async function ownTexts(event: CloudEvent, templates: Templates): Promise<OwnTexts | Refusal> {
  const own: { -readonly [Part in keyof OwnTexts]: string } = {};
  for (const part of ["title", "body"] as const) {
    const rendered = await templates[part]?.render(event);
    if (rendered?.kind === "output") own[part] = rendered.text;
    else if (rendered) return rendered;
  }
  return own;
}
