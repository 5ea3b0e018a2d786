import type { CloudEvent } from "../../change/event.ts";
import type { Refusal } from "../../core/result.ts";
import type { Template } from "../../template/template.ts";
import { type Card, type CardStyle, cardOf, type OwnTexts } from "./card.ts";

export interface TemplatedStyle extends CardStyle {
  /** Without one a card keeps its own words. */
  readonly template?: { readonly title?: Template | undefined; readonly body?: Template | undefined };
}

/** The card of one change in the sink's own words; or why its templates have none for it. */
export async function templatedCard(event: CloudEvent, style: TemplatedStyle): Promise<Card | Refusal> {
  const own: { -readonly [Part in keyof OwnTexts]: string } = {};
  for (const part of ["title", "body"] as const) {
    const rendered = await style.template?.[part]?.render(event);
    if (rendered?.kind === "output") own[part] = rendered.text;
    else if (rendered) return rendered;
  }
  return cardOf(event, style, own);
}
