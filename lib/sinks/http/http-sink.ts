import * as v from "valibot";
import { inFlight } from "../../async/in-flight.ts";
import type { CloudEvent } from "../../change/event.ts";
import type { CallOptions } from "../../core/clock.ts";
import type { DeliveryResult } from "../../core/result.ts";
import { proxy, tls } from "../../options/connection.ts";
import { attemptTimeout } from "../../options/fields.ts";
import type { SinkModule } from "../sink.ts";
import { guardedAgent } from "./agent.ts";
import { urlSecrets } from "./known-secrets.ts";
import { allowPrivateNetwork, headers, url } from "./options.ts";
import { type Post, post } from "./post.ts";
import { statusResult } from "./response.ts";
import { urlSchema } from "./url-schema.ts";

/** The request that delivers one event. */
export interface EventRequest extends Pick<Post, "method"> {
  /** Headers besides the configured ones, which they replace. Messages show none of their values. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, an object as JSON with its content type. */
  readonly body: string | object;
}

/** A custom sink over HTTP: where it sends, and what. */
export interface HttpSinkDefinition {
  /** Treated as a secret: messages show its origin only. @default the option `url` in the configuration, which is then required */
  readonly url?: string;
  /** Makes an event's request. It holds the event's id where the receiver can drop a repeated one. */
  request(event: CloudEvent): EventRequest | Promise<EventRequest>;
}

const optionsOf = (initial: string | undefined) =>
  urlSchema({
    url: initial === undefined ? url : v.optional(url, initial),
    headers,
    timeout: v.optional(attemptTimeout, "15s"),
    allowPrivateNetwork,
    tls,
    proxy,
  });

/**
 * Defines a custom sink that sends one HTTP request for each event. A 2xx status accepts the event; others are retried, block
 * the sink or refuse the event as they do for a webhook, with Retry-After respected. In the configuration it takes `url`,
 * `headers`, `timeout`, `allowPrivateNetwork`, `tls` and `proxy`, as a webhook does. Follows no redirect.
 */
export function httpSink(definition: HttpSinkDefinition): SinkModule<ReturnType<typeof optionsOf>> {
  return {
    schema: optionsOf(definition.url),
    create(name, options, deps) {
      const target = new URL(options.url);
      const agent = guardedAgent(options, deps);
      const { track, close } = inFlight(agent.close);

      const send = async (event: CloudEvent, call: CallOptions): Promise<DeliveryResult> => {
        const request = await definition.request(event);
        const given = { ...options.headers, ...lowerCased(request.headers) };
        const message = {
          ...request,
          url: target,
          timeoutMs: options.timeout,
          headers: { "user-agent": "dms-task-bridge", ...typeOf(request), ...given },
          body: typeof request.body === "string" ? request.body : JSON.stringify(request.body),
        };
        const outcome = await post(agent.dispatcher, message, call);
        if (outcome.kind !== "response") return outcome;
        const { "content-type": _, ...secretHeaders } = given;
        const secrets = [...urlSecrets(target), ...Object.values(secretHeaders)];
        return statusResult(outcome, { origin: target.origin, secrets, nowMs: deps.clock.now() });
      };

      return {
        name,
        batch: { maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER },
        deliver: (events, call) => track(Promise.all(events.map((event) => send(event, call)))),
        close,
      };
    },
  };
}

const typeOf = ({ body }: EventRequest): Readonly<Record<string, string>> =>
  typeof body === "string" ? {} : { "content-type": "application/json" };

const lowerCased = (given: EventRequest["headers"] = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
