import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { trial } from "../contract/service.ts";
import type { Answering, ServerReply } from "../harness/http.ts";
import { githubStarter, token } from "./http/workflow-starters.ts";
import { nowMs, running, sampleEvent } from "./sample.ts";

async function dispatch(reply: Answering = githubStarter.answer, more = {}) {
  const { sink, seen } = await trial(githubStarter, reply, more);
  const [result] = await sink.deliver([sampleEvent()], running());
  await sink.close();
  return { result, request: seen[0], body: JSON.parse(seen[0]?.body ?? "") };
}

describe("a dispatch to GitHub", () => {
  it("carries the token, the version of the API and a user agent, as GitHub demands", async () => {
    const { request } = await dispatch();
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${token}`,
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
      "user-agent": "dms-task-bridge",
    });
  });

  it("is of the event's type, with the event as the one property of its payload", async () => {
    const { body } = await dispatch();
    expect(body).toEqual({
      event_type: "com.huaweicloud.dms.task.succeeded",
      client_payload: { event: sampleEvent() },
    });
  });

  it("is of the type that the configuration names", async () => {
    expect((await dispatch(undefined, { eventType: "dms-task" })).body.event_type).toBe("dms-task");
  });
});

describe("GitHub's answer", () => {
  const resetSeconds = nowMs / 1_000 + 90;
  it.each<[string, ServerReply, object]>([
    [
      "403 with a spent rate limit waits until it is renewed",
      {
        status: 403,
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(resetSeconds) },
        body: { message: "API rate limit exceeded" },
      },
      { kind: "retry", reason: "throttled", retryAfterMs: 90_000 },
    ],
    [
      "403 with Retry-After waits so long",
      { status: 403, headers: { "retry-after": "30" }, body: { message: "slow down" } },
      { kind: "retry", reason: "throttled", retryAfterMs: 30_000 },
    ],
    [
      "403 for a secondary rate limit waits a minute where none is named",
      { status: 403, body: { message: "You have exceeded a secondary rate limit." } },
      { kind: "retry", reason: "throttled", retryAfterMs: 60_000 },
    ],
    [
      "403 for a token that may not blocks, however much is left of the rate limit",
      {
        status: 403,
        headers: { "x-ratelimit-remaining": "4999", "x-ratelimit-reset": String(resetSeconds) },
        body: { message: "Resource not accessible by personal access token" },
      },
      { kind: "blocked", reason: "unauthorized", detail: expect.stringContaining("not accessible") },
    ],
    [
      "429 whose reset is no epoch waits a minute",
      { status: 429, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "5" } },
      { kind: "retry", reason: "throttled", retryAfterMs: 60_000 },
    ],
    [
      "422 for a large payload is final for the event",
      { status: 422, body: { message: "client_payload is too large." } },
      { kind: "permanent", reason: "too_large" },
    ],
  ])("%s", async (_, reply, expected) => {
    expect((await dispatch(reply)).result).toMatchObject(expected);
  });
});

describe("the options of GitHub", () => {
  it.each(["operations", "acme/", "../x", "acme/..", "acme/a/b", "acme/a b"])(
    "take no repository %s",
    (repository) => {
      expect(v.is(githubStarter.module.schema, { ...githubStarter.options, repository })).toBe(false);
    },
  );
  it.each(["acme/.github", "a-b/c_d.e"])("take the repository %s", (repository) => {
    expect(v.is(githubStarter.module.schema, { ...githubStarter.options, repository })).toBe(true);
  });
});
