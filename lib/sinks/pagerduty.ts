import { createHash } from "node:crypto";
import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import { openAgent } from "../net/agent.ts";
import { described, httpUrl } from "../options/fields.ts";
import { fieldsOf, parseJson } from "../text/json.ts";
import { type Card, type Fact, instanceText, kindOf } from "./chat/card.ts";
import { blocked, type CodeMeanings, codeResult, permanent, textOf } from "./chat/code-result.ts";
import { chatEntries } from "./chat/options.ts";
import { alertOrder } from "./chat/pagerduty-order.ts";
import { cardSink, type Messenger } from "./chat/post.ts";
import { name as nameText, shorten, utf8Bytes } from "./chat/sanitize.ts";
import { post } from "./http/post.ts";
import type { ResponseContext, SinkResponse } from "./http/response.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const keyExpectation = "an integration key of 32 characters";
const severity = v.picklist(["critical", "error", "warning", "info"], "critical, error, warning or info");
const { language, timeZone, titlePrefix, links, timeout, proxy } = chatEntries;

/** Schema of the options of a sink of type `pagerduty`. */
export const schema = v.strictObject({
  routingKey: described(
    v.pipe(v.string(keyExpectation), v.regex(/^[A-Za-z0-9]{32}$/, keyExpectation)),
    "Integration key of an Events API v2 integration. A secret.",
  ),
  region: v.optional(
    described(v.picklist(["us", "eu"], "us or eu"), "Service region of the PagerDuty account."),
    "us",
  ),
  endpoint: described(v.optional(httpUrl), "Base URL of the Events API, if it is not the region's."),
  severity: v.optional(
    described(
      v.strictObject({
        failed: v.optional(described(severity, "For a failed task."), "error"),
        overdue: v.optional(described(severity, "For an overdue task."), "warning"),
      }),
      "Severity of the alerts.",
    ),
    {},
  ),
  resolveOnCancelled: v.optional(
    described(v.boolean("true or false"), "Whether a cancelled task resolves the alert of its name, too."),
    false,
  ),
  language,
  timeZone,
  titlePrefix,
  links,
  timeout,
  proxy,
});

/** Checked options of a sink of type `pagerduty`. */
export type PagerdutyOptions = v.InferOutput<typeof schema>;

type Action = "trigger" | "resolve";

/** Opens an alert for a task that failed or is overdue; the next success of a task with that name resolves it. */
export function create(name: SinkName, options: PagerdutyOptions, deps: SinkDeps): Sink {
  const url = new URL("/v2/enqueue", options.endpoint ?? hosts[options.region]);
  const { dispatcher, close } = openAgent({ proxy: options.proxy }, deps);
  const inOrder = alertOrder<DeliveryResult>(deps.clock);

  const enqueue = async (body: string, call: Parameters<typeof post>[2]): Promise<DeliveryResult> => {
    const headers = { "user-agent": "dms-task-bridge", "content-type": "application/json" };
    const outcome = await post(dispatcher, { url, headers, body, timeoutMs: options.timeout }, call);
    if (outcome.kind !== "response") return outcome;
    return pagerDutyResult(outcome, {
      origin: url.origin,
      secrets: [options.routingKey],
      nowMs: deps.clock.now(),
    });
  };

  const send: Messenger["send"] = async (card, [event], call) => {
    const action = event && actionOf(event, options);
    if (!event || !action) return accepted;
    const { time, data } = event;
    const sent = inOrder(
      { key: dedupKey(event), action, order: `${data.change.observedAt} ${time}` },
      () => enqueue(pagerdutyBody({ event, card, action }, options), call),
      call.signal,
    );
    // A newer change of this name was already sent; this one would undo it.
    return (await sent) ?? accepted;
  };

  const style = { ...options, digestAbove: Number.MAX_SAFE_INTEGER };
  return cardSink(name, style, { send, close });
}

const accepted: DeliveryResult = { kind: "accepted" };
const hosts = { us: "https://events.pagerduty.com", eu: "https://events.eu.pagerduty.com" } as const;
const maxKeyBytes = 255;
const maxSummaryCharacters = 1_024;
const retryAfterMs = 120_000;

/** The alert action of a change; null when PagerDuty is not notified. */
function actionOf(event: CloudEvent, options: PagerdutyOptions): Action | null {
  switch (kindOf(event)) {
    case "failed":
    case "overdue":
    case "unreadable":
      return "trigger";
    case "succeeded":
    case "recovered":
      return "resolve";
    case "cancelled":
      return options.resolveOnCancelled ? "resolve" : null;
    default:
      return null;
  }
}

/** Alert key: one per task name and instance, since a failed task stays failed and the next of its name fixes it. */
export function dedupKey({ data: { task, instance } }: CloudEvent): string {
  const key = `dms/${instance.instanceId}/${task.name}`.toWellFormed();
  if (utf8Bytes(key) <= maxKeyBytes) return key;
  const hash = createHash("sha256").update(key).digest("hex");
  return `${shorten(key, maxKeyBytes - hash.length - 1, utf8Bytes)}/${hash}`;
}

interface Alert {
  readonly event: CloudEvent;
  readonly card: Card;
  readonly action: Action;
}

/** The request as JSON. */
export function pagerdutyBody({ event, card, action }: Alert, options: PagerdutyOptions): string {
  const { title, subtitle, transition, facts, links } = card;
  const { task, instance } = event.data;
  return JSON.stringify({
    routing_key: options.routingKey,
    event_action: action,
    dedup_key: dedupKey(event),
    client: "dms-task-bridge",
    payload: {
      summary: shorten([title, subtitle, transition].join(" · "), maxSummaryCharacters),
      source: instanceText(event) || instance.engine,
      severity: kindOf(event) === "overdue" ? options.severity.overdue : options.severity.failed,
      timestamp: event.time,
      component: instance.engine,
      group: nameText(instance.instanceId),
      class: nameText(task.name),
      custom_details: detailsOf([{ label: "task", value: nameText(task.id) }, ...facts]),
    },
    links: links.map(({ label, url }) => ({ text: label, href: url })),
  });
}

/** The facts by label. Parameters come last and get a numbered label when theirs is taken. */
function detailsOf(facts: readonly Fact[]): Readonly<Record<string, string>> {
  const taken = new Set<string>();
  const details = facts.map(({ label, value }) => {
    let key = label;
    for (let count = 2; taken.has(key.toLowerCase()); count += 1) key = `${label} (${count})`;
    taken.add(key.toLowerCase());
    return [key, value];
  });
  return Object.fromEntries(details);
}

function pagerDutyResult(response: SinkResponse, context: ResponseContext): DeliveryResult {
  const { status, message, errors } = fieldsOf(parseJson(response.body));
  const texts = [message, ...(Array.isArray(errors) ? errors : [])].map(textOf).filter(Boolean);
  const isKeysFault = texts.some((text) => /routing.?key/i.test(text));
  const code = isKeysFault ? invalidKey : textOf(status).toLowerCase() || null;
  const result = codeResult(response, { code, message: texts.join(", ") }, { success, codes }, context);
  // PagerDuty asks for minutes between attempts when it is overloaded.
  return result.kind === "retry" ? { retryAfterMs, ...result } : result;
}

const success = "success";
const invalidKey = "invalid key";

/** https://developer.pagerduty.com/docs/events-api-v2-overview#response-codes--retry-logic */
const codes: CodeMeanings = new Map([
  [invalidKey, blocked("unauthorized", "the integration key is not valid")],
  ["invalid event", permanent("rejected", "PagerDuty finds a field of the event wrong or too long")],
]);
