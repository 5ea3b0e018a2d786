import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { FailureReason, Refusal } from "../core/result.ts";
import { described } from "../options/fields.ts";
import { parseJson } from "../text/json.ts";
import { oneLine } from "../text/one-line.ts";
import { maskSecrets } from "./http/redact.ts";
import type { ResponseContext, SinkResponse } from "./http/response.ts";
import { urlSchema } from "./http/url-schema.ts";
import { workflowEntries, workflowSink } from "./http/workflow.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const projectExpectation = "a project's number or its path such as acme/operations";
const refExpectation = "the name of a branch or a tag";

/** Schema of the options of a sink of type `gitlab`. */
export const schema = urlSchema({
  project: described(
    v.pipe(
      v.string(projectExpectation),
      v.regex(/^(?:\d{1,20}|[\w.-]{1,255}(?:\/[\w.-]{1,255})+)$/, projectExpectation),
    ),
    "Number or path of the project.",
  ),
  ...workflowEntries(
    { token: "Pipeline trigger token of the project. A secret.", url: "GitLab's base URL." },
    "https://gitlab.com",
  ),
  ref: described(
    v.optional(v.pipe(v.string(refExpectation), v.regex(/^[^\s\p{Cc}]{1,255}$/u, refExpectation)), "main"),
    "Branch or tag whose pipeline runs.",
  ),
});

/** Checked options of a sink of type `gitlab`. */
export type GitLabOptions = v.InferOutput<typeof schema>;

/** Runs a project's pipeline for each event, with the event in its variables. */
export const create = (name: SinkName, options: GitLabOptions, deps: SinkDeps): Sink =>
  workflowSink(name, options, deps, {
    path: `/api/v4/projects/${encodeURIComponent(options.project)}/trigger/pipeline`,
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: (event) => {
      const variables = Object.entries(variablesOf(event)).map(([key, value]) => [
        `variables[${key}]`,
        value,
      ]);
      const form = { token: options.token, ref: options.ref, ...Object.fromEntries(variables) };
      return new URLSearchParams(form).toString();
    },
    startedStatus: 201,
    refusal,
  });

/** GitLab expands `$` in a variable, so a task's name could read a secret of the job: no `$` is sent. */
const variablesOf = (event: CloudEvent): Readonly<Record<string, string>> => ({
  DMS_EVENT: JSON.stringify(event).replaceAll("$", "\\u0024"),
  DMS_EVENT_ID: plain(event.id),
  DMS_INSTANCE_ID: plain(event.data.instance.instanceId),
  DMS_TASK_ID: plain(event.data.task.id),
  DMS_TASK_NAME: plain(event.data.task.name),
  DMS_TASK_STATUS: plain(event.data.change.to),
});

const plain = (text: string): string => text.replace(/[^\w./:%-]/g, "_");

/** GitLab's rate limit for pipelines is per minute, so this is the longest wait. */
const limitedForMs = 60_000;

/** GitLab returns 400 for anything that prevents a pipeline; only its message says why. */
function refusal(response: SinkResponse, usual: Refusal, { origin, secrets }: ResponseContext): Refusal {
  const isKnown = usual.kind !== "permanent" || usual.reason === "too_large";
  const { status } = response;
  if (status !== 400) return isKnown ? usual : { ...usual, kind: "blocked" };
  const said = sentence(response.body);
  const detail = oneLine(`HTTP 400 from ${origin}: ${maskSecrets(said, secrets)}`);
  if (/too many|limit exceeded|try again/i.test(said)) {
    return { kind: "retry", reason: "throttled", detail, status, retryAfterMs: limitedForMs };
  }
  // The pipeline's own rules skipped this event.
  if (/filtered out|prevented any jobs|would have been empty|no stages/i.test(said)) {
    return { kind: "permanent", reason: "rejected", detail, status };
  }
  const reason = problems.find(([words]) => words.test(said))?.[1];
  return { kind: "blocked", reason: reason ?? "rejected", detail, status };
}

/** Problems that an operator must fix; they say nothing about the event. */
const problems: readonly (readonly [RegExp, FailureReason])[] = [
  [/reference not found|missing|\.gitlab-ci|config|yaml/i, "not_found"],
  [/permission|disabled|verif|not allowed/i, "unauthorized"],
];

const messages = v.object({
  message: v.union([v.string(), v.record(v.string(), v.union([v.string(), v.array(v.string())]))]),
});

function sentence(body: string): string {
  const parsed = v.safeParse(messages, parseJson(body));
  if (!parsed.success) return "";
  const { message } = parsed.output;
  return typeof message === "string" ? message : Object.values(message).flat().join("; ");
}
