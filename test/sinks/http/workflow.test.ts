import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { trial } from "../../contract/service.ts";
import type { Answering } from "../../harness/http.ts";
import { running, sampleEvent } from "../sample.ts";
import { workflowStarters } from "./workflow-starters.ts";

describe.each(Object.entries(workflowStarters))("the sink %s", (_, starter) => {
  const deliver = async (answering?: Answering, more = {}) => {
    const { sink, seen } = await trial(starter, answering, more);
    const [result] = await sink.deliver([sampleEvent()], running());
    await sink.close();
    return { result, seen };
  };

  it("starts a workflow by one POST with the whole event", async () => {
    const { result, seen } = await deliver();
    expect(result).toEqual({ kind: "accepted" });
    expect(seen).toMatchObject([{ method: "POST", path: starter.path }]);
    expect(seen.flatMap(starter.events)).toEqual([sampleEvent()]);
  });

  it("sends the same bytes for a repeat, so that a workflow can know it by its id", async () => {
    const { sink, seen } = await trial(starter);
    await sink.deliver([sampleEvent()], running());
    await sink.deliver([sampleEvent()], running());
    await sink.close();
    expect(seen[1]?.body).toBe(seen[0]?.body);
  });

  it.each<[number, object]>([
    [200, { kind: "blocked", reason: "not_found" }],
    [202, { kind: "blocked", reason: "not_found" }],
    [301, { kind: "blocked", reason: "redirected" }],
    [400, { kind: "blocked", reason: "rejected" }],
    [401, { kind: "blocked", reason: "unauthorized" }],
    [403, { kind: "blocked", reason: "unauthorized" }],
    [404, { kind: "blocked", reason: "not_found" }],
    [413, { kind: "permanent", reason: "too_large" }],
    [422, { kind: "blocked", reason: "rejected" }],
    [429, { kind: "retry", reason: "throttled" }],
    [500, { kind: "retry", reason: "server_error" }],
  ])("takes HTTP %i for %o after one attempt", async (status, expected) => {
    const { result, seen } = await deliver(starter.refusal(status, "no"));
    expect(result).toMatchObject(expected);
    expect(seen).toHaveLength(1);
  });

  it("obeys Retry-After", async () => {
    const { result } = await deliver({ status: 429, headers: { "retry-after": "7" } });
    expect(result).toMatchObject({ kind: "retry", retryAfterMs: 7_000 });
  });

  it("finds a product below a path of its own", async () => {
    const { origin, seen } = await trial(starter);
    const { sink } = await trial(starter, starter.answer, { url: `${origin}/base/` });
    await sink.deliver([sampleEvent()], running());
    await sink.close();
    expect(seen.map(({ path }) => path)).toEqual([`/base${starter.path}`]);
  });

  it.each([
    ["a token in plain text over a public network", { url: "http://ci.example.com" }],
    ["a URL with a query", { url: "https://ci.example.com/?a=b" }],
    ["a token of two lines", { token: "one\ntwo" }],
    ["an unknown option", { branch: "main" }],
  ])("takes no %s", (_, more) => {
    expect(v.is(starter.module.schema, starter.options)).toBe(true);
    expect(v.is(starter.module.schema, { ...starter.options, ...more })).toBe(false);
  });
});
