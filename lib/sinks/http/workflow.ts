import * as v from "valibot";
import type { CloudEvent } from "../../change/event.ts";
import type { CallOptions } from "../../core/clock.ts";
import type { SinkName } from "../../core/names.ts";
import type { DeliveryResult, Refusal } from "../../core/result.ts";
import { proxy, tls } from "../../options/connection.ts";
import { described, httpUrl, requestTimeout } from "../../options/fields.ts";
import type { Sink, SinkDeps } from "../sink.ts";
import { guardedAgent } from "./agent.ts";
import { allowPrivateNetwork } from "./options.ts";
import { post } from "./post.ts";
import { type ResponseContext, type SinkResponse, statusResult, unproven } from "./response.ts";

const tokenExpectation = "a token";

/** Options that every workflow product shares. */
export const workflowEntries = (about: { readonly token: string; readonly url: string }, url: string) => ({
  token: described(
    v.pipe(v.string(tokenExpectation), v.regex(/^[\x21-\x7e]{1,1024}$/, tokenExpectation)),
    about.token,
  ),
  url: v.optional(described(httpUrl, about.url), url),
  timeout: requestTimeout("15s"),
  allowPrivateNetwork,
  tls,
  proxy,
});

const workflowObject = v.object(workflowEntries({ token: "", url: "" }, ""));
type WorkflowOptions = v.InferOutput<typeof workflowObject>;

/** Product-specific part of a workflow sink. */
export interface Starter {
  /** Path below the product's URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  body(event: CloudEvent): string;
  /** The only status that means a workflow was started; other 2xx come from other servers. */
  readonly startedStatus: number;
  /** Maps any other response to a refusal; `usual` is the default for its status. */
  refusal(response: SinkResponse, usual: Refusal, context: ResponseContext): Refusal;
}

/** A sink that starts a workflow for each event, with one POST. */
export function workflowSink(
  name: SinkName,
  options: WorkflowOptions,
  deps: SinkDeps,
  starter: Starter,
): Sink {
  const url = new URL(`${options.url.replace(/\/$/, "")}${starter.path}`);
  const { dispatcher, close } = guardedAgent(options, deps);
  const headers = { "user-agent": "dms-task-bridge", ...starter.headers };

  const start = async (event: CloudEvent, call: CallOptions): Promise<DeliveryResult> => {
    const request = { url, headers, body: starter.body(event), timeoutMs: options.timeout };
    const outcome = await post(dispatcher, request, call);
    if (outcome.kind !== "response") return outcome;
    const context = { origin: url.origin, secrets: [options.token], nowMs: deps.clock.now() };
    const result = statusResult(outcome, context);
    if (result.kind !== "accepted") return starter.refusal(outcome, result, context);
    if (outcome.status === starter.startedStatus) return result;
    return unproven(
      outcome,
      context,
      `status ${starter.startedStatus}, which says that something was started`,
    );
  };

  return {
    name,
    batch: { maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER },
    deliver: (events, call) => Promise.all(events.map((event) => start(event, call))),
    close,
  };
}
