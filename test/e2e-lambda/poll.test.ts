import { mkdtempSync, rmSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { sinkTypes } from "../../lib/sinks/index.ts";
import { instance } from "../harness/api.ts";
import { eventBridgeEvent, hostileEvents, snsEvent } from "../serverless/wake-events.ts";
import { startProxy } from "../services/proxy.ts";
import { freePort } from "../services/server.ts";
import { buildArtifact, type LambdaHarness, lambdaHarness, summaryOf } from "./container.ts";

const artifact = mkdtempSync(join(tmpdir(), "bridge-artifact-"));
let printed = "";
beforeAll(() => {
  printed = buildArtifact(artifact);
});
afterAll(() => rmSync(artifact, { recursive: true, force: true }));

const ended = { status: "SUCCESS", afterMs: 0 } as const;
const arrived = ({ receiver }: LambdaHarness) =>
  receiver.events().map(({ type, subject }) => ({ type, subject }));

describe("the packaged function", () => {
  it("is ESM with a source map beside it, and its size is printed", async () => {
    expect(printed).toMatch(/KiB {2}\S*poll\.mjs\n/);
    expect(printed).toMatch(/KiB {2}total\n$/);
    expect(await readFile(join(artifact, "poll.mjs"), "utf8")).toMatch(/sourceMappingURL=poll\.mjs\.map\n$/);
    const map: unknown = JSON.parse(await readFile(join(artifact, "poll.mjs.map"), "utf8"));
    expect(map).toMatchObject({
      sources: expect.arrayContaining([expect.stringMatching(/functions\/poll\.ts$/)]),
    });
  });

  it("delivers on a cold start, and writes its metrics", async () => {
    const harness = await lambdaHarness(artifact);
    const subject = harness.task("restart", ended);
    const container = await harness.start();
    const summary = summaryOf(await container.invoke("one"));
    expect(summary.streams).toMatchObject([{ tasks: 1, changes: 1, error: null }]);
    expect(summary.sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(arrived(harness)).toEqual([{ type: "com.huaweicloud.dms.task.succeeded", subject }]);
    const metrics = { FunctionName: "poll", SuccessfulRuns: 1, Changes: 1, Accepted: 1, StreamErrors: 0 };
    expect(container.lines()).toContainEqual(expect.objectContaining(metrics));
  });

  it("goes through a proxy to the API, its store and its sinks", async () => {
    const proxy = await startProxy({ login: "robot:secret" });
    const harness = await lambdaHarness(artifact);
    const subject = harness.task("restart", ended);
    const container = await harness.start({ HTTP_PROXY: proxy.url });
    expect(summaryOf(await container.invoke("one")).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(arrived(harness)).toEqual([{ type: "com.huaweicloud.dms.task.succeeded", subject }]);
    expect(new Set(proxy.asked)).toContain(new URL(harness.receiver.url).host);
    expect(new Set(proxy.asked).size).toBeGreaterThanOrEqual(3);
  });

  it("carries every client that is read only when it is wanted, which find nobody here", async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const harness = await lambdaHarness(artifact, {
      sinks: {
        rabbitmq: { type: "rabbitmq", url: `amqp://${nobody}`, exchange: "tasks" },
        redis: { type: "redis", url: `redis://${nobody}`, stream: "tasks" },
        kafka: { type: "kafka", brokers: [nobody], topic: "tasks" },
        nats: { type: "nats", servers: [nobody] },
        mqtt: { type: "mqtt", url: `mqtt://${nobody}` },
        mail: {
          type: "email",
          from: "bridge@example.com",
          to: ["ops@example.com"],
          smtp: { host: "127.0.0.1", port: Number(nobody.split(":")[1]), security: "none" },
          template: { title: "{{ task.name }}" },
        },
      },
    });
    harness.task("restart", ended);
    const container = await harness.start();
    const { sinks } = summaryOf(await container.invoke("one"));
    // A client that could not be loaded would block its sink as a defect.
    for (const name of ["rabbitmq", "redis", "kafka", "nats", "mqtt", "mail"])
      expect(sinks[name]).toMatchObject({
        retrying: 1,
        pending: 1,
        state: expect.not.stringContaining("blocked"),
      });
  });

  it("reads the part of every sink type that its configuration names", async () => {
    const types = Object.keys(sinkTypes);
    const harness = await lambdaHarness(artifact, {
      sinks: Object.fromEntries(types.map((type) => [type, { type, nonsense: true }])),
    });
    const container = await harness.start();
    // Each sink's own schema, which lies in its part, tells of the key; a custom sink takes any and wants its module.
    const outcome = await container.invoke("one");
    const told = outcome.kind === "response" ? "" : outcome.errorMessage;
    expect(
      types.filter((type) => !told.includes(`sinks.${type}.${type === "custom" ? "module" : "nonsense"}`)),
    ).toEqual([]);
  });

  it("reads no part of a sink type that its configuration does not name", async () => {
    const bare = await mkdtemp(join(tmpdir(), "bridge-bare-"));
    onTestFinished(() => rm(bare, { recursive: true }));
    await cp(artifact, bare, {
      recursive: true,
      filter: (file) => !/[/\\]sinks-(?!webhook)\w+\.mjs$/.test(file),
    });
    const harness = await lambdaHarness(bare);
    harness.task("restart", ended);
    const container = await harness.start();
    expect(summaryOf(await container.invoke("one")).sinks["ops"]).toMatchObject({ accepted: 1 });
  });

  it("makes one HTTP request and no store call in an idle warm run", async () => {
    const harness = await lambdaHarness(artifact);
    harness.task("restart", ended);
    const container = await harness.start();
    summaryOf(await container.invoke("one"));
    harness.engine.calls.length = 0;
    const before = harness.simulator.requestCount();
    expect(summaryOf(await container.invoke("two")).streams).toMatchObject([{ changes: 0, error: null }]);
    expect(harness.simulator.requestCount() - before).toBe(1);
    expect(harness.engine.calls).toEqual([]);
    expect(harness.receiver.deliveries).toHaveLength(1);
  });

  it.each([
    ["an SNS notification", snsEvent(JSON.stringify({ resource: instance.id }))],
    ["an event of EventBridge", eventBridgeEvent(instance.id)],
  ])("polls at once by %s that names the instance, and once for 100 of them", async (_, event) => {
    const harness = await lambdaHarness(artifact);
    const container = await harness.start();
    summaryOf(await container.invoke("timer"));
    const subject = harness.task("restart", ended);
    const before = harness.simulator.requestCount();
    for (let repeat = 0; repeat < 100; repeat++)
      expect(
        summaryOf(await container.invoke(`wake-${repeat}`, undefined, event)).sinks["ops"],
      ).toMatchObject({
        accepted: 1,
      });
    expect(harness.simulator.requestCount() - before).toBe(1);
    expect(arrived(harness)).toMatchObject([{ subject }]);
    // An alarm counts the timer's runs; what was reported once is not counted again.
    const sum = (name: string) =>
      container.lines().reduce((total, line) => total + (Number(line[name]) || 0), 0);
    expect([sum("SuccessfulRuns"), sum("Changes")]).toEqual([1, 1]);
  });

  it("polls all streams by any event that it cannot make sense of", async () => {
    const harness = await lambdaHarness(artifact);
    const subject = harness.task("restart", ended);
    const container = await harness.start();
    for (const [index, [, event]] of hostileEvents.entries())
      expect(summaryOf(await container.invoke(`wake-${index}`, undefined, event)).streams).toMatchObject([
        { error: null },
      ]);
    expect(arrived(harness)).toMatchObject([{ subject }]);
  });

  it("tells nothing twice when the platform repeats an event, in the same container or another", async () => {
    const harness = await lambdaHarness(artifact);
    harness.task("restart", ended);
    const [first, second] = [await harness.start(), await harness.start()];
    for (const container of [first, first, second]) summaryOf(await container.invoke("the-same"));
    expect(harness.receiver.deliveries).toHaveLength(1);
  });

  it("ends before the platform's deadline, and the next run delivers what is left", async () => {
    const harness = await lambdaHarness(artifact, {
      timeBudget: "30s",
      respond: (number) => (number === 1 ? { hang: true } : {}),
    });
    const subject = harness.task("restart", ended);
    const container = await harness.start();
    const startedMs = Date.now();
    const cut = summaryOf(await container.invoke("one", 7_500));
    expect(Date.now() - startedMs).toBeLessThan(7_500);
    expect(cut.sinks["ops"]).toMatchObject({ accepted: 0, retrying: 1, pending: 1 });
    const next = summaryOf(await container.invoke("two"));
    expect(next.sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(arrived(harness).at(-1)).toEqual({ type: "com.huaweicloud.dms.task.succeeded", subject });
  });

  it("loses nothing when the platform kills it during a delivery", async () => {
    const harness = await lambdaHarness(artifact, {
      respond: (number) => (number === 1 ? { hang: true } : {}),
    });
    const subject = harness.task("restart", ended);
    const killed = await harness.start();
    const cut = killed.invoke("one").catch((error: Error) => error.message);
    await expect.poll(() => harness.receiver.deliveries.length, { timeout: 10_000 }).toBe(1);
    await killed.kill();
    expect(await cut).toBe("the container ended: SIGKILL");
    const container = await harness.start();
    await expect
      .poll(async () => summaryOf(await container.invoke(`after-${Date.now()}`)).sinks["ops"]?.pending, {
        timeout: 10_000,
        interval: 500,
      })
      .toBe(0);
    const [one, ...others] = harness.receiver.events();
    expect(others).toEqual([one]);
    expect(one?.subject).toBe(subject);
  });

  it("tells each change once when two containers overlap", async () => {
    const harness = await lambdaHarness(artifact);
    const subjects = Array.from({ length: 40 }, (_, index) => harness.task(`task-${index}`, ended));
    const containers = [await harness.start(), await harness.start()];
    await Promise.all(
      containers.map(async (container, index) => summaryOf(await container.invoke(`${index}`))),
    );
    for (const [index, container] of containers.entries())
      summaryOf(await container.invoke(`again-${index}`));
    const told = harness.receiver.events().map(({ subject }) => subject);
    expect(told.toSorted()).toEqual(subjects.toSorted());
  });

  it("delivers what an operator's command line brought back from the dead letters", async () => {
    const harness = await lambdaHarness(artifact, {
      respond: (number) => (number === 1 ? { status: 400 } : {}),
    });
    const subject = harness.task("restart", ended);
    const refused = await harness.start();
    expect(summaryOf(await refused.invoke("one")).sinks["ops"]).toMatchObject({
      deadLettered: 1,
      pending: 0,
    });
    expect(refused.lines()).toContainEqual(expect.objectContaining({ DeadLettered: 1, SuccessfulRuns: 1 }));
    const redriven = await harness.cli("dead-letters", "redrive", "--json");
    expect([redriven.code, redriven.err]).toEqual([0, ""]);
    const container = await harness.start();
    expect(summaryOf(await container.invoke("two")).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(arrived(harness).map((event) => event.subject)).toEqual([subject, subject]);
  });

  it("fails after its run when a stream cannot be read, and goes on with the next", async () => {
    const harness = await lambdaHarness(artifact);
    const container = await harness.start({ AK: "wrong" });
    const outcome = await container.invoke("one");
    expect(outcome).toMatchObject({ kind: "error", errorType: "RunFailed" });
    expect(outcome).toMatchObject({
      errorMessage: expect.stringMatching(/^1 of 1 streams failed: rabbitmq\//),
    });
    expect(container.lines()).toContainEqual(expect.objectContaining({ SuccessfulRuns: 0, StreamErrors: 1 }));
    expect((await container.invoke("two")).kind).toBe("error");
  });

  it("fails each run, and names what is wrong, while its configuration is none", async () => {
    const harness = await lambdaHarness(artifact);
    const file = join(artifact, "bridge.config.json");
    await writeFile(file, "{}");
    try {
      const container = await harness.start({ BRIDGE_CONFIG: file });
      expect(await container.invoke("one")).toMatchObject({
        kind: "error",
        errorType: "ConfigError",
        errorMessage: expect.stringContaining("sources"),
      });
      expect((await container.invoke("two")).kind).toBe("error");
      expect(container.api.initErrors).toEqual([]);
    } finally {
      rmSync(file);
    }
  });
});
