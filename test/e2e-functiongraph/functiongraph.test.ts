import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instance } from "../harness/api.ts";
import { ctsEvent, eventGridEvent, hostileEvents } from "../serverless/wake-events.ts";
import { startProxy } from "../services/proxy.ts";
import { agencyKeys, buildArtifact, functionHarness, noAgency, summaryOf } from "./container.ts";

const artifact = mkdtempSync(join(tmpdir(), "bridge-fg-artifact-"));
let printed = "";
beforeAll(() => {
  printed = buildArtifact(artifact);
});
afterAll(() => rmSync(artifact, { recursive: true, force: true }));

describe("the function for FunctionGraph", () => {
  it("is packaged with its size printed", () => {
    expect(printed).toMatch(/KiB {2}\S*functiongraph\.mjs\n/);
  });

  it("delivers on a cold start with its agency's key, and logs by the invocation's logger", async () => {
    const stage = await functionHarness(artifact);
    const subject = stage.task("restart");
    const container = await stage.start();
    const outcome = await container.invoke();
    const summary = summaryOf(outcome);
    expect(summary.streams).toMatchObject([{ tasks: 1, changes: 1, error: null }]);
    expect(summary.sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(stage.receiver.events()).toMatchObject([{ type: "com.huaweicloud.dms.task.succeeded", subject }]);
    expect(outcome.lines.map((line) => JSON.parse(line))).toMatchObject([
      { message: "run ended", changes: 1 },
    ]);
    expect(outcome.lines.join()).not.toContain("\n");
  });

  it("makes one HTTP request and no store call in an idle warm run", async () => {
    const stage = await functionHarness(artifact);
    stage.task("restart");
    const container = await stage.start();
    summaryOf(await container.invoke());
    stage.engine.calls.length = 0;
    const before = stage.simulator.requestCount();
    expect(summaryOf(await container.invoke()).streams).toMatchObject([{ changes: 0, error: null }]);
    expect(stage.simulator.requestCount() - before).toBe(1);
    expect(stage.engine.calls).toEqual([]);
  });

  it.each([
    ["a CTS notification", ctsEvent(instance.id)],
    ["an event of EventGrid", eventGridEvent(instance.id)],
  ])("polls at once by %s that names the instance, and once for 100 of them", async (_, event) => {
    const stage = await functionHarness(artifact);
    const container = await stage.start();
    summaryOf(await container.invoke());
    const subject = stage.task("restart");
    const before = stage.simulator.requestCount();
    const first = await container.invoke({ event });
    expect(summaryOf(first).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(first.lines.join()).toContain("run ended");
    for (let repeat = 1; repeat < 100; repeat++)
      expect(await container.invoke({ event })).toMatchObject({ kind: "result", lines: [] });
    expect(stage.simulator.requestCount() - before).toBe(1);
    expect(stage.receiver.events()).toMatchObject([{ subject }]);
  });

  it("polls all streams by any event that it cannot make sense of", async () => {
    const stage = await functionHarness(artifact);
    const subject = stage.task("restart");
    const container = await stage.start();
    for (const [, event] of hostileEvents)
      expect(summaryOf(await container.invoke({ event })).streams).toMatchObject([{ error: null }]);
    expect(stage.receiver.events()).toMatchObject([{ subject }]);
  });

  it("goes through a proxy to the API, its store and its sinks", async () => {
    const stage = await functionHarness(artifact);
    const proxy = await startProxy({ login: "robot:secret" });
    const subject = stage.task("restart");
    const container = await stage.start({ HTTP_PROXY: proxy.url });
    expect(summaryOf(await container.invoke()).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(stage.receiver.events()).toMatchObject([{ subject }]);
    const hosts = [stage.simulator.url, stage.receiver.url, stage.engine.origin].map(
      (url) => new URL(url).host,
    );
    expect(new Set(proxy.asked)).toEqual(new Set(hosts));
  });

  it("goes on with the agency's next key, and tells nothing twice", async () => {
    const stage = await functionHarness(artifact);
    stage.task("restart");
    const container = await stage.start();
    summaryOf(await container.invoke());
    stage.task("resize");
    const outcome = await container.invoke({ agency: agencyKeys[1] });
    expect(summaryOf(outcome).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(outcome.lines.join()).toContain("secret rotated; reconnecting");
    expect(stage.receiver.events().map(({ data }) => data.task.name)).toEqual(["restart", "resize"]);
  });

  it("prefers a key of the owner's own to the agency's", async () => {
    const stage = await functionHarness(artifact);
    const [{ ak, sk, securityToken }] = agencyKeys;
    const container = await stage.start({
      HUAWEICLOUD_SDK_AK: ak,
      HUAWEICLOUD_SDK_SK: sk,
      HUAWEICLOUD_SDK_SECURITY_TOKEN: securityToken,
    });
    const wrong = { ak: "WRONG", sk: "wrong", securityToken: "wrong" };
    expect(summaryOf(await container.invoke({ agency: wrong })).streams).toMatchObject([{ error: null }]);
  });

  it("fails each run, and names what is missing, without any key, until the function has its agency", async () => {
    const stage = await functionHarness(artifact);
    const container = await stage.start();
    expect(await container.invoke({ agency: noAgency })).toMatchObject({
      kind: "error",
      errorType: "ConfigError",
      errorMessage: expect.stringContaining("HUAWEICLOUD_SDK_AK"),
    });
    expect(summaryOf(await container.invoke()).streams).toMatchObject([{ error: null }]);
  });

  it("fails after its run when a stream cannot be read, and goes on with the next", async () => {
    const stage = await functionHarness(artifact);
    const container = await stage.start();
    const wrong = { ak: "WRONG", sk: "wrong", securityToken: "wrong" };
    const outcome = await container.invoke({ agency: wrong });
    expect(outcome).toMatchObject({ kind: "error", errorType: "RunFailed" });
    expect(outcome.lines.join()).toContain("a stream failed");
    expect(JSON.stringify(outcome)).not.toContain("wrong");
    expect((await container.invoke()).kind).toBe("result");
  });

  it("delivers nothing in a run without time left, and all of it in the next", async () => {
    const stage = await functionHarness(artifact);
    stage.task("restart");
    const container = await stage.start();
    summaryOf(await container.invoke());
    stage.task("resize");
    await container.invoke({ timeoutMs: 6_000 });
    expect(stage.receiver.deliveries).toHaveLength(1);
    expect(summaryOf(await container.invoke()).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
  });
});
