import { inFlight } from "../../async/in-flight.ts";
import type { CloudEvent } from "../../change/event.ts";
import type { SinkName } from "../../core/names.ts";
import type { DeliveryResult } from "../../core/result.ts";
import { guardedAgent } from "../http/agent.ts";
import { urlSecrets } from "../http/known-secrets.ts";
import { post } from "../http/post.ts";
import type { ResponseContext, SinkResponse } from "../http/response.ts";
import type { DeliverOptions, Sink, SinkDeps } from "../sink.ts";
import { type Card, lostLinks } from "./card.ts";
import { digestOf, withoutGroups } from "./digest.ts";
import type { ChatOptions } from "./options.ts";
import { type TemplatedStyle, templatedCard } from "./templated.ts";

const maxDigestEvents = 100;

/** One message, ready to be posted. */
export interface ChatRequest {
  readonly url: URL;
  /** JSON. */
  readonly body: string;
}

/** Platform-specific part of a webhook chat sink. */
export interface ChatPlatform {
  /** The message of a card for `events`, within the platform's limits, signed as of `nowMs`. */
  request(card: Card, nowMs: number, events: readonly CloudEvent[]): ChatRequest;
  /** Maps the platform's response to a result. */
  toResult(response: SinkResponse, context: ResponseContext): DeliveryResult;
  /** Values that no result may show, besides the parts of the request's URL. */
  readonly secrets: readonly string[];
  /** Whether a digest's groups are drawn. @default false */
  readonly showsGroups?: boolean;
}

/** Sends cards one at a time. */
export interface Messenger {
  send(card: Card, events: readonly CloudEvent[], call: DeliverOptions): Promise<DeliveryResult>;
  /** Whether a digest's groups are drawn; otherwise each of its lines names its instance. @default false */
  readonly showsGroups?: boolean | undefined;
  /** Frees connections; called when nothing is in flight any more. */
  close(): Promise<void>;
}

/** Headers of every chat request. */
export const ownHeaders = {
  "user-agent": "dms-task-bridge",
  "content-type": "application/json; charset=utf-8",
} as const;

/** A sink that posts its cards to a webhook. */
export function chatSink(name: SinkName, options: ChatOptions, deps: SinkDeps, platform: ChatPlatform): Sink {
  const { dispatcher, close } = guardedAgent(options, deps);
  const watchLinks = linkWatch(name, options, deps);

  const send: Messenger["send"] = async (card, events, call) => {
    const { url, body } = platform.request(card, deps.clock.now(), events);
    watchLinks(card, body);
    const request = { url, headers: ownHeaders, body, timeoutMs: options.timeout };
    const outcome = await post(dispatcher, request, call);
    if (outcome.kind !== "response") return outcome;
    const secrets = [...urlSecrets(url), ...platform.secrets];
    return platform.toResult(outcome, { origin: url.origin, secrets, nowMs: deps.clock.now() });
  };

  return cardSink(name, options, { send, close, showsGroups: platform.showsGroups });
}

/** Logs once for each link that does not fit into a message. */
export function linkWatch(name: SinkName, { links }: Pick<ChatOptions, "links">, { log }: SinkDeps) {
  const logged = new Set<string>();
  return (card: Card, message: string): void => {
    for (const label of lostLinks(card, Object.keys(links ?? {}), message)) {
      if (logged.has(label)) continue;
      logged.add(label);
      log("warn", "a link does not fit into the message; omitted", { sink: name, link: label });
    }
  };
}

/** A sink that sends one card per change, or a digest when more changes come at once. */
export function cardSink(
  name: SinkName,
  options: TemplatedStyle & Pick<ChatOptions, "digestAbove">,
  messenger: Messenger,
): Sink {
  const { send } = messenger;
  const { track, close } = inFlight(messenger.close);

  const deliverOne = async (event: CloudEvent, call: DeliverOptions): Promise<DeliveryResult> => {
    const card = await templatedCard(event, options);
    return "kind" in card ? card : send(card, [event], call);
  };

  const deliver = async (
    events: readonly CloudEvent[],
    call: DeliverOptions,
  ): Promise<readonly DeliveryResult[]> => {
    if (events.length > options.digestAbove) {
      const digest = digestOf(events, options);
      const result = await send(messenger.showsGroups ? digest : withoutGroups(digest), events, call);
      return events.map(() => result);
    }
    const results: DeliveryResult[] = [];
    for (const event of events) {
      const last = results.at(-1);
      // After a failing or rate-limited request the rest of the batch is not sent.
      const isStopped = last?.kind === "retry" || last?.kind === "blocked";
      results.push(isStopped ? last : await deliverOne(event, call));
    }
    return results;
  };

  return {
    name,
    batch: {
      maxEvents: maxDigestEvents,
      maxBytes: Number.MAX_SAFE_INTEGER,
      digestAbove: options.digestAbove,
    },
    deliver: async (events, call) => (events.length === 0 ? [] : track(deliver(events, call))),
    close,
  };
}
