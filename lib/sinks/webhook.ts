import { inFlight } from "../async/in-flight.ts";
import type { CloudEvent } from "../change/event.ts";
import type { CallOptions } from "../core/clock.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult, Refusal } from "../core/result.ts";
import type { Template } from "../template/template.ts";
import { adaptiveBatch } from "./http/adaptive-batch.ts";
import { guardedAgent } from "./http/agent.ts";
import {
  batchMessage,
  binaryMessage,
  type HttpMessage,
  ownMessage,
  structuredMessage,
} from "./http/cloudevents.ts";
import { urlSecrets } from "./http/known-secrets.ts";
import { type WebhookOptions, webhookSchema } from "./http/options.ts";
import { post } from "./http/post.ts";
import { statusResult } from "./http/response.ts";
import { sharedSecrets, signatureHeader } from "./http/standard-webhooks.ts";
import type { BatchLimits, Sink, SinkDeps } from "./sink.ts";

/** Schema of the options of a sink of type `webhook`. */
export const schema = webhookSchema;

/** POSTs CloudEvents, or bodies made by a template, signed by Standard Webhooks when a secret is set. */
export function create(name: SinkName, options: WebhookOptions, deps: SinkDeps): Sink {
  const url = new URL(options.url);
  const { dispatcher, close } = guardedAgent(options, deps);
  const keys = options.secrets ?? (options.secret ? [options.secret] : []);
  const fixed = { "user-agent": "dms-task-bridge", ...options.headers };
  const secrets = [...urlSecrets(url), ...Object.values(options.headers), ...sharedSecrets(keys)];

  const signed = ({ id, body }: HttpMessage): Record<string, string> => {
    if (keys.length === 0) return { "webhook-id": id };
    const timestampSeconds = Math.floor(deps.clock.now() / 1_000);
    return {
      "webhook-id": id,
      "webhook-timestamp": String(timestampSeconds),
      "webhook-signature": signatureHeader(keys, { id, timestampSeconds, body }),
    };
  };

  const send = async (message: HttpMessage, call: CallOptions): Promise<DeliveryResult> => {
    const headers = { ...fixed, ...message.headers, ...signed(message) };
    const request = { url, headers, body: message.body, timeoutMs: options.timeout };
    const outcome = await post(dispatcher, request, call);
    if (outcome.kind !== "response") return outcome;
    return statusResult(outcome, { origin: url.origin, secrets, nowMs: deps.clock.now() });
  };

  if (options.mode === "batch") return batching(name, options.batch, send, close);
  const { body } = options;
  if (body !== null) return templating(name, (event) => ownMessageOf(event, body, options), send, close);
  const message = options.mode === "binary" ? binaryMessage : structuredMessage;
  return {
    name,
    batch: { maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER },
    deliver: (events, call) => Promise.all(events.map((event) => send(message(event), call))),
    close,
  };
}

async function ownMessageOf(
  event: CloudEvent,
  body: Template,
  { contentType }: WebhookOptions,
): Promise<HttpMessage | Refusal> {
  const rendered = await body.render(event);
  return rendered.kind === "output" ? ownMessage(event, contentType, rendered.text) : rendered;
}

type SendMessage = (message: HttpMessage, call: CallOptions) => Promise<DeliveryResult>;

function batching(name: SinkName, limits: BatchLimits, send: SendMessage, close: () => Promise<void>): Sink {
  const batch = adaptiveBatch(limits.maxEvents);
  return {
    name,
    get batch() {
      const { maxEvents } = batch;
      // The body also holds brackets and commas.
      return { maxEvents, maxBytes: Math.max(1, limits.maxBytes - maxEvents - 1) };
    },
    async deliver(events, call) {
      if (events.length === 0) return [];
      const result = await send(batchMessage(events), call);
      if (result.kind === "permanent") return batch.refuse(result, events.length);
      if (result.kind === "accepted") batch.grow();
      return events.map(() => result);
    },
    close,
  };
}

/** A templated body is rendered before its request exists, so the agent does not know of it: closing waits for it. */
function templating(
  name: SinkName,
  messageOf: (event: CloudEvent) => Promise<HttpMessage | Refusal>,
  send: SendMessage,
  free: () => Promise<void>,
): Sink {
  const { track, close } = inFlight(free);
  const sendOne = async (event: CloudEvent, call: CallOptions): Promise<DeliveryResult> => {
    const message = await messageOf(event);
    return "kind" in message ? message : send(message, call);
  };
  return {
    name,
    batch: { maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER },
    deliver: (events, call) => track(Promise.all(events.map((event) => sendOne(event, call)))),
    close,
  };
}
