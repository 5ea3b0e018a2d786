import { Agent } from "undici";
import type { CloudEvent } from "../../change/event.ts";
import type { CallOptions } from "../../clock.ts";
import type { SinkName } from "../../names.ts";
import { addressGuard, guardedConnector } from "../address-guard.ts";
import type { Answer, AnswerContext } from "../answer.ts";
import { urlSecrets } from "../detail.ts";
import { post } from "../http.ts";
import type { DeliveryResult, Sink, SinkDeps } from "../sink.ts";
import { type Card, cardOf } from "./card.ts";
import { digestOf } from "./digest.ts";
import type { ChatOptions } from "./options.ts";

const connectTimeoutMs = 5_000;
const maxDigestEvents = 100;

/** One message, ready to be posted. */
export interface ChatRequest {
  readonly url: URL;
  /** JSON. */
  readonly body: string;
}

/** What tells one platform from another. */
export interface Platform {
  /** The message of a card, within the platform's limits, signed as of `nowMs`. */
  request(card: Card, nowMs: number): ChatRequest;
  /** What the platform's answer comes to. */
  verdict(answer: Answer, context: AnswerContext): DeliveryResult;
  /** What no result may show, beside the parts of the request's URL. */
  readonly secrets: readonly string[];
}

/** A sink that posts a card for each change, and a digest where more come at once. */
export function chatSink(name: SinkName, options: ChatOptions, deps: SinkDeps, platform: Platform): Sink {
  const guard = addressGuard({
    allow: options.allowPrivateNetwork,
    onlyAllowed: new URL(options.url).protocol === "http:",
  });
  const agent = deps.dispatcher ?? new Agent({ connect: guardedConnector(guard, connectTimeoutMs) });
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | null = null;

  const send = async (card: Card, call: CallOptions): Promise<DeliveryResult> => {
    const { url, body } = platform.request(card, deps.clock.now());
    const headers = { "user-agent": "dms-task-bridge", "content-type": "application/json; charset=utf-8" };
    const outcome = await post(agent, { url, headers, body, timeoutMs: options.timeout }, call);
    if (outcome.kind !== "answer") return outcome;
    const secrets = [...urlSecrets(url), ...platform.secrets];
    return platform.verdict(outcome, { origin: url.origin, secrets, nowMs: deps.clock.now() });
  };

  const deliver = async (
    events: readonly CloudEvent[],
    call: CallOptions,
  ): Promise<readonly DeliveryResult[]> => {
    if (events.length > options.digestAbove) {
      const result = await send(digestOf(events, options), call);
      return events.map(() => result);
    }
    const results: DeliveryResult[] = [];
    for (const event of events) {
      const last = results.at(-1);
      // A platform that is not well, or that wants fewer messages, is not asked again at once.
      const isStopped = last?.kind === "retry" || last?.kind === "blocked";
      results.push(isStopped ? last : await send(cardOf(event, options), call));
    }
    return results;
  };

  return {
    name,
    batch: { maxEvents: maxDigestEvents, maxBytes: Number.MAX_SAFE_INTEGER },
    async deliver(events, call) {
      if (events.length === 0) return [];
      const delivery = deliver(events, call);
      underWay.add(delivery);
      try {
        return await delivery;
      } finally {
        underWay.delete(delivery);
      }
    },
    async close() {
      closing ??= Promise.allSettled(underWay).then(() => agent.close());
      await closing;
    },
  };
}
