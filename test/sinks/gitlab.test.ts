import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../lib/change/event.ts";
import { trial } from "../contract/service.ts";
import { gitlabStarter, token } from "./http/workflow-starters.ts";
import { running, sampleEvent } from "./sample.ts";

async function trigger(event: CloudEvent, more = {}) {
  const { sink, seen } = await trial(gitlabStarter, gitlabStarter.answer, more);
  await sink.deliver([event], running());
  await sink.close();
  return { path: seen[0]?.path, form: Object.fromEntries(new URLSearchParams(seen[0]?.body)) };
}

describe("a trigger of GitLab", () => {
  it("has the token, the branch, the event, and what rules ask for", async () => {
    const { form } = await trigger(sampleEvent());
    expect(form).toEqual({
      token,
      ref: "main",
      "variables[DMS_EVENT]": JSON.stringify(sampleEvent()),
      "variables[DMS_EVENT_ID]": sampleEvent().id,
      "variables[DMS_INSTANCE_ID]": "i-0001",
      "variables[DMS_TASK_ID]": "t-0001",
      "variables[DMS_TASK_NAME]": "bindInstancePublicIp",
      "variables[DMS_TASK_STATUS]": "SUCCESS",
    });
  });

  it("runs the branch that is named, of a project by its number", async () => {
    const { path, form } = await trigger(sampleEvent(), { project: "278964", ref: "release/1.x" });
    expect(path).toBe("/api/v4/projects/278964/trigger/pipeline");
    expect(form["ref"]).toBe("release/1.x");
  });

  it("never lets foreign text name a variable, and still tells the event as it is", async () => {
    const { sink, seen } = await trial(gitlabStarter);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.string(), async (name, status) => {
        const event = sampleEvent(1, { name: `$CI_JOB_TOKEN${name}`, status });
        await sink.deliver([event], running());
        const request = seen.at(-1);
        if (!request) throw new Error("nothing was sent");
        const values = [...new URLSearchParams(request.body).values()];
        expect(values.join("")).not.toContain("$");
        expect(gitlabStarter.events(request)).toEqual([event]);
      }),
      { numRuns: 50 },
    );
    await sink.close();
  });
});

describe("GitLab's refusal", () => {
  it.each<[string, object]>([
    ["Reference not found", { kind: "blocked", reason: "not_found" }],
    ["Missing CI config file", { kind: "blocked", reason: "not_found" }],
    ["Insufficient permissions to set pipeline variables", { kind: "blocked", reason: "unauthorized" }],
    ["Pipelines are disabled!", { kind: "blocked", reason: "unauthorized" }],
    [
      "Too many pipelines created in the last minute. Try again later.",
      { kind: "retry", reason: "throttled", retryAfterMs: 60_000 },
    ],
    ["Pipeline filtered out by workflow rules.", { kind: "permanent", reason: "rejected" }],
    [
      "The rules configuration prevented any jobs from being added to the pipeline.",
      { kind: "permanent", reason: "rejected" },
    ],
    ["something new", { kind: "blocked", reason: "rejected" }],
  ])("%s comes to %o", async (message, expected) => {
    for (const reply of [gitlabStarter.refusal(400, message), { status: 400, body: { message } }]) {
      const { sink } = await trial(gitlabStarter, reply);
      const [result] = await sink.deliver([sampleEvent()], running());
      await sink.close();
      expect(result).toMatchObject({ ...expected, detail: expect.stringContaining(message) });
    }
  });
});

describe("the options of GitLab", () => {
  it.each([
    ["project", "operations"],
    ["project", "acme/"],
    ["project", "acme/a b"],
    ["ref", ""],
    ["ref", "a b"],
  ])("take no %s %j", (field, text) => {
    expect(v.is(gitlabStarter.module.schema, { ...gitlabStarter.options, [field]: text })).toBe(false);
  });
});
