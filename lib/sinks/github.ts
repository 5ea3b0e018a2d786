import * as v from "valibot";
import type { SinkName } from "../core/names.ts";
import type { Refusal } from "../core/result.ts";
import { parseRetryAfter } from "../net/retry-after.ts";
import { described } from "../options/fields.ts";
import type { ResponseContext, SinkResponse } from "./http/response.ts";
import { urlSchema } from "./http/url-schema.ts";
import { workflowEntries, workflowSink } from "./http/workflow.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const repositoryExpectation = "a repository such as acme/operations";
const eventTypeExpectation = "a text of 1 to 100 characters";

/** Schema of the options of a sink of type `github`. */
export const schema = urlSchema({
  repository: described(
    v.pipe(
      v.string(repositoryExpectation),
      v.regex(/^(?!\.\.?\/)[\w.-]{1,100}\/(?!\.\.?$)[\w.-]{1,100}$/, repositoryExpectation),
    ),
    "Repository whose workflows start, as `owner/name`.",
  ),
  ...workflowEntries(
    {
      token: "Token with write access to the repository's contents. A secret.",
      url: "GitHub's API; `https://HOST/api/v3` on GitHub Enterprise Server.",
    },
    "https://api.github.com",
  ),
  eventType: described(
    v.optional(
      v.pipe(
        v.string(eventTypeExpectation),
        v.nonEmpty(eventTypeExpectation),
        v.maxLength(100, eventTypeExpectation),
      ),
    ),
    "Event type that `on.repository_dispatch.types` selects by; by default the event's own.",
  ),
});

/** Checked options of a sink of type `github`. */
export type GitHubOptions = v.InferOutput<typeof schema>;

/** Starts a repository's workflows that listen for `repository_dispatch`, with the event as their payload. */
export const create = (name: SinkName, options: GitHubOptions, deps: SinkDeps): Sink =>
  workflowSink(name, options, deps, {
    path: `/repos/${options.repository}/dispatches`,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${options.token}`,
      "content-type": "application/json",
      "x-github-api-version": "2022-11-28",
    },
    body: (event) =>
      JSON.stringify({
        event_type: options.eventType ?? event.type,
        // GitHub takes at most ten properties, and an event already has them.
        client_payload: { event },
      }),
    startedStatus: 204,
    refusal,
  });

/** Wait that GitHub recommends when it names no time, milliseconds. */
const limitedForMs = 60_000;

/**
 * GitHub also returns 403 for rate limits and 422 for a payload that is too large. Other refusals block, since 422 also
 * concerns the repository. https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event and
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
function refusal(response: SinkResponse, usual: Refusal, { nowMs }: ResponseContext): Refusal {
  const { status, retryAfter, body } = response;
  if (status === 422 && /too large/i.test(body)) return { ...usual, kind: "permanent", reason: "too_large" };
  if (usual.kind === "permanent" && usual.reason !== "too_large") return { ...usual, kind: "blocked" };
  const isLimited = status === 429 || (status === 403 && (retryAfter !== null || /rate limit/i.test(body)));
  if (!isLimited) return usual;
  const waitMs = retryAfter === null ? null : parseRetryAfter(retryAfter, nowMs);
  return {
    kind: "retry",
    reason: "throttled",
    detail: usual.detail,
    status,
    retryAfterMs: waitMs ?? limitedForMs,
  };
}
