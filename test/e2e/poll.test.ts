import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../lib/change/event.ts";
import { systemClock } from "../../lib/core/clock.ts";
import type { RunSummary } from "../../lib/run/summary.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import type { Receiver, ReceiverOptions } from "../../lib/simulator/receiver.ts";
import { instance, receiving, webhookTo } from "../harness/api.ts";
import { type BridgeFolder, bridgeFolder, secrets as planted } from "../harness/bridge.ts";
import { freePort } from "../services/server.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const webhookSecret = planted.webhook;

/** A bridge with these sinks on one instance, which it need not list, and its store in the folder `state`. */
const harnessWith = ({ source = {}, sinks }: { readonly source?: object; readonly sinks: Sinks }) =>
  bridgeFolder({
    sinks,
    source: { instances: [instance.id], ...source },
    sections: { checkpoint: { type: "file", path: "state" } },
  });
type Sinks = Readonly<Record<string, object>>;

const receiver = (options: ReceiverOptions = {}): Promise<Receiver> =>
  receiving({ secret: webhookSecret, ...options });

/** With nothing random between its attempts. */
const webhook = (url: string, more: object = {}) =>
  webhookTo(url, {
    secret: webhookSecret,
    retry: { attemptsPerRun: 1, initialDelay: "1ms", maxDelay: "1ms" },
    ...more,
  });

/** One `poll --json` that ends as it should, and its summary. */
async function poll(harness: BridgeFolder, expectedCode = 0): Promise<RunSummary> {
  const { code, out, err } = await harness.run("poll", "--json");
  expect([code, err]).toEqual([expectedCode, ""]);
  return JSON.parse(out);
}

const told = (events: readonly CloudEvent[], task: string): readonly string[] =>
  events.filter(({ subject }) => subject === task).map(({ data }) => data.change.to);

/** Everything a write to the store would change. */
async function storeState(harness: BridgeFolder): Promise<readonly unknown[]> {
  const folder = join(harness.folder, "state");
  return Promise.all(
    (await readdir(folder)).toSorted().map(async (name) => {
      const file = join(folder, name);
      const { size, mtimeMs, ino } = await stat(file);
      return { name, size, mtimeMs, ino, bytes: await readFile(file, "base64") };
    }),
  );
}

describe("a task that ends hours after it was created", () => {
  it.each([
    { maxOpenAge: "7d", read: "inside the window" },
    { maxOpenAge: "1h", read: "singly, since the window has passed it" },
  ])("gives two events in order, read $read", async ({ maxOpenAge }) => {
    const ops = await receiver();
    const harness = await harnessWith({ sinks: { ops: webhook(ops.url) }, source: { maxOpenAge } });
    harness.task(undefined, "SUCCESS", 30 * hourMs);
    const task = harness.task(undefined, "EXECUTING", 6 * hourMs);
    harness.task(undefined, "SUCCESS", minuteMs);
    const first = await poll(harness);
    const second = await poll(harness);
    harness.task(undefined, "FAILED", 0);
    harness.simulator.world.setStatus(task, "SUCCESS");
    const third = await poll(harness);

    expect([first.streams[0]?.beginTime, second.streams[0]?.changes]).toEqual([null, 0]);
    const beginMs = Date.parse(third.streams[0]?.beginTime ?? "");
    if (maxOpenAge === "1h") expect(beginMs).toBeGreaterThan(Date.now() - hourMs);
    else expect(Math.abs(beginMs - (Date.now() - 6 * hourMs))).toBeLessThan(10 * minuteMs);
    expect(told(ops.events(), task)).toEqual(["EXECUTING", "SUCCESS"]);
    expect(new Set(ops.events().map(({ id }) => id)).size).toBe(ops.events().length);
    expect(ops.deliveries.every(({ verified }) => verified)).toBe(true);
  });
});

describe("a poll that finds no change", () => {
  it("makes one request, sends nothing and writes nothing", async () => {
    const ops = await receiver();
    const harness = await harnessWith({ sinks: { ops: webhook(ops.url) } });
    harness.task(undefined, "EXECUTING", 2 * hourMs);
    harness.task(undefined, "SUCCESS", hourMs);
    await poll(harness);
    const before = [await storeState(harness), ops.connections(), ops.deliveries.length];
    const requests = harness.simulator.requestCount();
    const summary = await poll(harness);
    expect(summary.streams).toMatchObject([{ tasks: 2, changes: 0, error: null }]);
    expect(harness.simulator.requestCount() - requests).toBe(1);
    expect([await storeState(harness), ops.connections(), ops.deliveries.length]).toEqual(before);
  });
});

describe("a new stream with startFrom: now", () => {
  it("takes what has ended as its baseline, and follows what is open", async () => {
    const ops = await receiver();
    const harness = await harnessWith({ sinks: { ops: webhook(ops.url) }, source: { startFrom: "now" } });
    const ended = harness.task(undefined, "SUCCESS", hourMs);
    const open = harness.task(undefined, "EXECUTING", hourMs);
    await poll(harness);
    harness.simulator.world.setStatus(open, "FAILED");
    const later = harness.task(undefined, "SUCCESS");
    await poll(harness);
    expect(told(ops.events(), ended)).toEqual([]);
    expect(told(ops.events(), open).at(-1)).toBe("FAILED");
    expect(told(ops.events(), later)).toEqual(["SUCCESS"]);
  });
});

describe("a webhook that answers 503 for three runs", () => {
  it("then gets every event once, in order for each task", async () => {
    let status = 503;
    const accepted: CloudEvent[] = [];
    const ops = await receiver({
      respond: () => ({ status }),
      onDelivery: ({ events }) => status === 204 && accepted.push(...events),
    });
    const harness = await harnessWith({ sinks: { ops: webhook(ops.url) } });
    const tasks = [3, 2, 1].map((age) => harness.task(undefined, "CREATED", age * hourMs));
    for (const next of ["EXECUTING", "SUCCESS", null]) {
      const summary = await poll(harness);
      expect(summary.sinks["ops"]).toMatchObject({ accepted: 0, deadLettered: 0, state: "failing" });
      if (next) for (const task of tasks) harness.simulator.world.setStatus(task, next);
    }
    const refused = ops.deliveries.length;
    status = 204;
    const summary = await poll(harness);

    expect(refused).toBeGreaterThanOrEqual(3);
    expect(summary.sinks["ops"]).toMatchObject({ accepted: 9, pending: 0 });
    expect(accepted).toHaveLength(9);
    for (const task of tasks) expect(told(accepted, task)).toEqual(["CREATED", "EXECUTING", "SUCCESS"]);
  });
});

describe("one sink in trouble", () => {
  it("does not starve another when its port is closed", async () => {
    const good = await receiver();
    const harness = await harnessWith({
      sinks: { down: webhook(`http://127.0.0.1:${await freePort()}/`), good: webhook(good.url) },
    });
    for (let count = 1; count <= 20; count++) harness.task(undefined, "SUCCESS", count * minuteMs);
    const first = await poll(harness);
    expect(first.sinks).toMatchObject({
      good: { accepted: 20, pending: 0 },
      down: { accepted: 0, pending: 20 },
    });
    harness.task(undefined, "FAILED");
    const second = await poll(harness);
    expect(second.sinks).toMatchObject({ good: { accepted: 1, pending: 0 }, down: { pending: 21 } });
  });

  it("does not delay another: the slow one answers only when the other has everything", async () => {
    const everything = Promise.withResolvers<void>();
    const good = await receiver({ onDelivery: ({ number }) => number === 20 && everything.resolve() });
    const patient = { now: systemClock.now, sleep: () => everything.promise };
    const slow = await receiver({ clock: patient, respond: () => ({ status: 204, delayMs: 1 }) });
    const harness = await harnessWith({ sinks: { slow: webhook(slow.url), good: webhook(good.url) } });
    for (let count = 1; count <= 20; count++) harness.task(undefined, "SUCCESS", count * minuteMs);
    const summary = await poll(harness);
    expect(summary.sinks).toMatchObject({ good: { accepted: 20 }, slow: { accepted: 20 } });
  });

  it("keeps everything while it is blocked, says so, and gets it all in order once it is mended", async () => {
    let status = 401;
    const ops = await receiver({ respond: () => ({ status }) });
    const harness = await harnessWith({ sinks: { ops: webhook(ops.url) } });
    const tasks = [2, 1].map((age) => harness.task(undefined, "EXECUTING", age * hourMs));
    const blocked = await harness.run("poll");
    expect(blocked.code).toBe(0);
    expect(blocked.out).toContain("ops is blocked (unauthorized). 2 events kept until it is mended");
    for (const task of tasks) harness.simulator.world.setStatus(task, "SUCCESS");
    expect((await poll(harness)).sinks["ops"]).toMatchObject({
      pending: 4,
      state: "blocked",
      reason: "unauthorized",
    });

    const refused = ops.deliveries.length;
    status = 204;
    expect((await poll(harness)).sinks["ops"]).toMatchObject({ accepted: 4, pending: 0, state: "healthy" });
    const accepted = ops.deliveries.slice(refused).flatMap(({ events }) => events);
    for (const task of tasks) expect(told(accepted, task)).toEqual(["EXECUTING", "SUCCESS"]);
  });
});

describe("an event that its receiver refuses with 400", () => {
  it("becomes a dead letter that a redrive brings back", async () => {
    let status = 400;
    const ops = await receiver({ respond: () => ({ status, body: "bad event" }) });
    const harness = await harnessWith({ sinks: { ops: webhook(ops.url) } });
    const task = harness.task(undefined, "FAILED");
    expect((await poll(harness, 1)).sinks["ops"]).toMatchObject({ deadLettered: 1, pending: 0 });
    const [id] = ops.events().map((event) => event.id);

    const listed = JSON.parse((await harness.run("dead-letters", "list", "--json")).out);
    expect(listed).toMatchObject({ deadLetters: [{ sink: "ops", reason: "rejected", event: { id } }] });
    status = 204;
    expect(JSON.parse((await harness.run("dead-letters", "redrive", "--json")).out)).toEqual({
      redriven: 1,
      left: 0,
    });
    expect((await poll(harness)).sinks["ops"]).toMatchObject({ accepted: 1, pending: 0 });
    expect(ops.deliveries.map(({ events }) => events[0]?.id)).toEqual([id, id]);
    expect(new Set(ops.deliveries.map(({ body }) => body)).size).toBe(1);
    expect(told(ops.events(), task)).toEqual(["FAILED", "FAILED"]);
    expect(JSON.parse((await harness.run("dead-letters", "list", "--json")).out)).toEqual({
      deadLetters: [],
    });
  });
});

describe("secrets", () => {
  const header = "Bearer header-that-is-a-password-1";
  const path = "path-that-is-a-password-2";
  const secrets = [demoKey.sk, webhookSecret, webhookSecret.slice("whsec_".length), header, path];

  it.each([401, 400, 503])(
    "are in no output and no file when a receiver echoes them with %i",
    async (status) => {
      const ops = await receiver({
        respond: (_, { headers }) => ({
          status,
          body: JSON.stringify({
            message: `no ${headers["authorization"]} at /events/${path}, ${webhookSecret}`,
          }),
        }),
      });
      const sink = webhook(`${ops.url}/${path}?token=${path}`, { headers: { authorization: header } });
      const harness = await harnessWith({ sinks: { ops: sink } });
      harness.task(undefined, "FAILED");
      const commands = [
        ["poll"],
        ["tasks"],
        ["checkpoint", "show"],
        ["dead-letters", "list"],
        ["sink", "test", "ops"],
      ];
      for (const command of commands) {
        for (const more of [["--json"], []]) {
          const { out, err } = await harness.run(...command, ...more, "--log-level", "debug", "--debug");
          for (const secret of secrets) expect(out + err).not.toContain(secret);
        }
      }
      expect(ops.deliveries[0]?.headers["authorization"]).toBe(header);
      for (const name of await readdir(join(harness.folder, "state"))) {
        const bytes = await readFile(join(harness.folder, "state", name), "latin1");
        for (const secret of secrets) expect(bytes).not.toContain(secret);
      }
    },
  );
});
