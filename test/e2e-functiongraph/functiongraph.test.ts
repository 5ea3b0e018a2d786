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
    const harness = await functionHarness(artifact);
    const subject = harness.task("restart");
    const container = await harness.start();
    const outcome = await container.invoke();
    const summary = summaryOf(outcome);
    expect(summary.streams).toMatchObject([{ tasks: 1, changes: 1, error: null }]);
    expect(summary.sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(harness.receiver.events()).toMatchObject([
      { type: "com.huaweicloud.dms.task.succeeded", subject },
    ]);
    expect(outcome.lines.map((line) => JSON.parse(line))).toMatchObject([
      { message: "run ended", changes: 1 },
    ]);
    expect(outcome.lines.join()).not.toContain("\n");
  });

  it("makes one HTTP request and no store call in an idle warm run", async () => {
    const harness = await functionHarness(artifact);
    harness.task("restart");
    const container = await harness.start();
    summaryOf(await container.invoke());
    harness.engine.calls.length = 0;
    const before = harness.simulator.requestCount();
    expect(summaryOf(await container.invoke()).streams).toMatchObject([{ changes: 0, error: null }]);
    expect(harness.simulator.requestCount() - before).toBe(1);
    expect(harness.engine.calls).toEqual([]);
  });

  it.each([
    ["a CTS notification", ctsEvent(instance.id)],
    ["an event of EventGrid", eventGridEvent(instance.id)],
  ])("polls at once by %s that names the instance, and once for 100 of them", async (_, event) => {
    const harness = await functionHarness(artifact);
    const container = await harness.start();
    summaryOf(await container.invoke());
    const subject = harness.task("restart");
    const before = harness.simulator.requestCount();
    const first = await container.invoke({ event });
    expect(summaryOf(first).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(first.lines.join()).toContain("run ended");
    for (let repeat = 1; repeat < 100; repeat++)
      expect(await container.invoke({ event })).toMatchObject({ kind: "result", lines: [] });
    expect(harness.simulator.requestCount() - before).toBe(1);
    expect(harness.receiver.events()).toMatchObject([{ subject }]);
  });

  it("polls all streams by any event that it cannot make sense of", async () => {
    const harness = await functionHarness(artifact);
    const subject = harness.task("restart");
    const container = await harness.start();
    for (const [, event] of hostileEvents)
      expect(summaryOf(await container.invoke({ event })).streams).toMatchObject([{ error: null }]);
    expect(harness.receiver.events()).toMatchObject([{ subject }]);
  });

  it("goes through a proxy to the API, its store and its sinks", async () => {
    const harness = await functionHarness(artifact);
    const proxy = await startProxy({ login: "robot:secret" });
    const subject = harness.task("restart");
    const container = await harness.start({ HTTP_PROXY: proxy.url });
    expect(summaryOf(await container.invoke()).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(harness.receiver.events()).toMatchObject([{ subject }]);
    const hosts = [harness.simulator.url, harness.receiver.url, harness.engine.origin].map(
      (url) => new URL(url).host,
    );
    expect(new Set(proxy.asked)).toEqual(new Set(hosts));
  });

  it("goes on with the agency's next key, and tells nothing twice", async () => {
    const harness = await functionHarness(artifact);
    harness.task("restart");
    const container = await harness.start();
    summaryOf(await container.invoke());
    harness.task("resize");
    const outcome = await container.invoke({ agency: agencyKeys[1] });
    expect(summaryOf(outcome).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(outcome.lines.join()).toContain("secret rotated; reconnecting");
    expect(harness.receiver.events().map(({ data }) => data.task.name)).toEqual(["restart", "resize"]);
  });

  it("prefers a key of the owner's own to the agency's", async () => {
    const harness = await functionHarness(artifact);
    const [{ ak, sk, securityToken }] = agencyKeys;
    const container = await harness.start({
      HUAWEICLOUD_SDK_AK: ak,
      HUAWEICLOUD_SDK_SK: sk,
      HUAWEICLOUD_SDK_SECURITY_TOKEN: securityToken,
    });
    const wrong = { ak: "WRONG", sk: "wrong", securityToken: "wrong" };
    expect(summaryOf(await container.invoke({ agency: wrong })).streams).toMatchObject([{ error: null }]);
  });

  it("fails each run, and names what is missing, without any key, until the function has its agency", async () => {
    const harness = await functionHarness(artifact);
    const container = await harness.start();
    expect(await container.invoke({ agency: noAgency })).toMatchObject({
      kind: "error",
      errorType: "ConfigError",
      errorMessage: expect.stringContaining("HUAWEICLOUD_SDK_AK"),
    });
    expect(summaryOf(await container.invoke()).streams).toMatchObject([{ error: null }]);
  });

  it("fails after its run when a stream cannot be read, and goes on with the next", async () => {
    const harness = await functionHarness(artifact);
    const container = await harness.start();
    const wrong = { ak: "WRONG", sk: "wrong", securityToken: "wrong" };
    const outcome = await container.invoke({ agency: wrong });
    expect(outcome).toMatchObject({ kind: "error", errorType: "RunFailed" });
    expect(outcome.lines.join()).toContain("a stream failed");
    expect(JSON.stringify(outcome)).not.toContain("wrong");
    expect((await container.invoke()).kind).toBe("result");
  });

  it("delivers nothing in a run without time left, and all of it in the next", async () => {
    const harness = await functionHarness(artifact);
    harness.task("restart");
    const container = await harness.start();
    summaryOf(await container.invoke());
    harness.task("resize");
    await container.invoke({ timeoutMs: 6_000 });
    expect(harness.receiver.deliveries).toHaveLength(1);
    expect(summaryOf(await container.invoke()).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
  });
});
