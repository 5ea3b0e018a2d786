import type { CloudEvent } from "../../../lib/change/event.ts";
import type { EventKind } from "../../../lib/change/kind.ts";
import { eventId } from "../../../lib/core/names.ts";
import type { DeliveryResult } from "../../../lib/core/result.ts";
import { running } from "../sample.ts";
import { type LivingType, livingEmulator } from "./living-platforms.ts";
import { type ChatAnswering, chatTrial } from "./platforms.ts";
import { eventOf } from "./sample.ts";

/** Each change has an id of its own. */
export const changeOf = (kind: EventKind, task = 1): CloudEvent => {
  const event = eventOf(kind, task);
  return { ...event, id: eventId(`${event.id}/${kind}`) };
};

/** A sink with its platform, and the references that the run before it would have kept. */
export async function livingTrial(
  type: LivingType,
  options: object = {},
  answering?: (own: ChatAnswering) => ChatAnswering,
) {
  const platform = livingEmulator(type);
  const answer = answering ? answering(platform.answering) : platform.answering;
  const { sink, heard } = await chatTrial(type, options, answer);
  const references = new Map<string, string>();
  const deliver = async (...events: readonly CloudEvent[]): Promise<readonly DeliveryResult[]> => {
    const results = await sink.deliver(events, { ...running(), messages: references });
    for (const [index, { subject }] of events.entries()) {
      const result = results[index];
      if (result?.kind === "accepted" && result.message !== undefined)
        references.set(subject, result.message);
    }
    return results;
  };
  const tell = async (kind: EventKind, task = 1) => (await deliver(changeOf(kind, task)))[0]?.kind;
  return { platform, heard, references, deliver, tell };
}

/** What each message of the platform shows: the last word of its title. */
export const shown = (messages: ReturnType<typeof livingEmulator>["messages"]) =>
  messages.map(({ text, below }) => [below === null ? "" : "answer", wordIn(text)].filter(Boolean).join(" "));
export const wordIn = (text: string): string =>
  /was created|is running|succeeded|failed|is overdue/.exec(text)?.[0] ?? "";
