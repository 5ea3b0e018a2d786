import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../lib/core/clock.ts";
import { warmBridge } from "../../lib/serverless/warm.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { bridgeFolder } from "../harness/bridge.ts";
import { type Otelcol, startOtelcol } from "../services/otelcol.ts";

let collector: Otelcol;
beforeAll(async () => {
  collector = await startOtelcol();
});
afterAll(() => collector.stop());

const exporting = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin });

describe("a poll with OTEL_EXPORTER_OTLP_ENDPOINT", () => {
  it("sends one trace for the run, and one for each event with its attempts in every later run", async () => {
    let up = false;
    const harness = await bridgeFolder({
      respond: () => ({ status: up ? 204 : 503 }),
      environment: { ...exporting(), OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=first" },
      sections: { events: { traceparent: true } },
    });
    harness.task("bindInstancePublicIp", "SUCCESS");
    await harness.run("poll");
    up = true;
    await expect
      .poll(
        async () => {
          await harness.run("poll");
          return harness.receiver.deliveries.length;
        },
        { timeout: 40_000 },
      )
      .toBe(2);
    const body = JSON.parse(harness.receiver.deliveries.at(-1)?.body ?? "");
    const [, traceId, spanId] = body.traceparent.split("-");
    const spans = () => collector.spans().filter((span) => span.traceId === traceId);
    await expect.poll(() => spans().filter(({ name }) => name === "deliver ops").length).toBe(2);
    const event = spans().find(({ name }) => name === "com.huaweicloud.dms.task.succeeded");
    expect(event).toMatchObject({ id: spanId, parentId: "", kind: "Producer" });
    const attempts = spans().filter(({ name }) => name === "deliver ops");
    expect(attempts.every(({ parentId, kind }) => parentId === spanId && kind === "Client")).toBe(true);
    expect(attempts.map(({ status }) => status)).toEqual(["Error", "Unset"]);
    const runs = collector.spans().filter(({ name }) => name === "run");
    const lists = collector.spans().filter(({ name }) => name === "ListBackgroundTasks");
    expect(runs.map(({ id }) => id)).toEqual(expect.arrayContaining(lists.map(({ parentId }) => parentId)));
    expect(collector.printed()).toContain("deployment.environment.name: Str(first)");
    expect(collector.printed()).toContain("service.name: Str(dms-task-bridge)");
  });

  it("sends its metrics before it ends", async () => {
    const harness = await bridgeFolder({ environment: exporting() });
    harness.task("bindInstancePublicIp");
    await harness.run("poll");
    await expect
      .poll(() => collector.printed())
      .toMatch(/Name: dms_task_bridge\.accepted[\s\S]*sink: Str\(ops\)[\s\S]*Value: 1/);
  });

  it("sends only the signals whose exporter is not none", async () => {
    const harness = await bridgeFolder({
      environment: { ...exporting(), OTEL_TRACES_EXPORTER: "none", OTEL_SERVICE_NAME: "metrics-alone" },
    });
    harness.task("bindInstancePublicIp");
    await harness.run("poll");
    await expect.poll(() => collector.printed()).toContain("service.name: Str(metrics-alone)");
    const [, after = ""] = collector.printed().split("metrics-alone");
    expect(after).not.toContain("Trace ID");
  });

  it("shows no secret in what it sends", () => {
    expect(collector.printed()).not.toContain("path-that-is-a-password");
  });
});

describe("a function with OTEL_EXPORTER_OTLP_ENDPOINT", () => {
  it("sends its spans before its invocation ends, after which the platform may freeze it", async () => {
    const harness = await bridgeFolder();
    harness.task("resizeInstance", "SUCCESS");
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.origin);
    onTestFinished(() => void vi.unstubAllEnvs());
    const environment = {
      ...exporting(),
      HUAWEICLOUD_SDK_AK: demoKey.ak,
      HUAWEICLOUD_SDK_SK: demoKey.sk,
    };
    const deps = { configFile: null, folder: harness.folder, environment, random: () => 0, log: silentLog };
    const bridge = await warmBridge({ ...deps, clock: systemClock }).current();
    onTestFinished(() => bridge.close());
    const summary = await bridge.run(new AbortController().signal);
    await expect.poll(() => collector.printed()).toContain(summary.runId);
  });
});

describe("a collector that cannot be reached", () => {
  it("delays a poll by no more than its time to flush, and is named in one line", async () => {
    const harness = await bridgeFolder({
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
    });
    harness.task("bindInstancePublicIp");
    const { code, err } = await harness.run("poll");
    expect(code).toBe(0);
    expect(harness.receiver.deliveries).toHaveLength(1);
    expect(err).toContain("telemetry was not exported");
  });
});
