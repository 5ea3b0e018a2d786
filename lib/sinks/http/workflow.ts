import * as v from "valibot";
import type { CloudEvent } from "../../change/event.ts";
import type { CallOptions } from "../../core/clock.ts";
import type { SinkName } from "../../core/names.ts";
import type { DeliveryResult, Refusal } from "../../core/result.ts";
import { proxy, tls } from "../../options/connection.ts";
import { attemptTimeout, described, httpUrl } from "../../options/fields.ts";
import type { Sink, SinkDeps } from "../sink.ts";
import { guardedAgent } from "./agent.ts";
import { allowPrivateNetwork } from "./options.ts";
import { post } from "./post.ts";
import { type AnswerContext, answerResult, type SinkResponse, unproven } from "./response.ts";

const tokenExpectation = "a token";

/** What a product's own options begin with. */
export const workflowEntries = (about: { readonly token: string; readonly url: string }, url: string) => ({
  token: described(
    v.pipe(v.string(tokenExpectation), v.regex(/^[\x21-\x7e]{1,1024}$/, tokenExpectation)),
    about.token,
  ),
  url: v.optional(described(httpUrl, about.url), url),
  timeout: described(
    v.optional(attemptTimeout, "15s"),
    "For one attempt, from connecting to the end of the answer.",
  ),
  allowPrivateNetwork,
  tls,
  proxy,
});

const workflowObject = v.object(workflowEntries({ token: "", url: "" }, ""));
type WorkflowOptions = v.InferOutput<typeof workflowObject>;

/** What tells one product from another. */
export interface Starter {
  /** Below the product's URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  body(event: CloudEvent): string;
  /** The one status that says that a workflow was started: a page of another server is no start. */
  readonly startedStatus: number;
  /** What any other answer comes to; `usual` is what its status means by itself. */
  refusal(answer: SinkResponse, usual: Refusal, context: AnswerContext): Refusal;
}

/** A sink that starts a workflow for each event, by one POST. */
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
    if (outcome.kind !== "answer") return outcome;
    const context = { origin: url.origin, secrets: [options.token], nowMs: deps.clock.now() };
    const result = answerResult(outcome, context);
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
