import { Webhook } from "standardwebhooks";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { DeliveryResult } from "../../lib/core/result.ts";
import type { ReceiverOptions } from "../../lib/simulator/receiver.ts";
import { receiving } from "../harness/api.ts";
import { untilEnd } from "../harness/servers.ts";
import { nowMs, running, sampleEvent, sampleEvents, stillClock, webhook } from "./sample.ts";

const secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const oldSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async function hooked(
  receiverOptions: ReceiverOptions = {},
  options: Partial<Parameters<typeof webhook>[0]> = {},
) {
  const receiver = await receiving({ clock: stillClock, ...receiverOptions });
  const sink = await untilEnd(webhook({ url: receiver.url, ...options }));
  return { receiver, sink, deliver: (count = 1) => sink.deliver(sampleEvents(count), running()) };
}

const kinds = (results: readonly DeliveryResult[]): readonly string[] =>
  results.map((result) => (result.kind === "accepted" ? result.kind : `${result.kind} ${result.reason}`));

describe("a webhook", () => {
  it.each([
    ["structured", 1],
    ["binary", 1],
    ["batch", 3],
  ] as const)("delivers in mode %s what the receiver reads back", async (mode, count) => {
    const { receiver, deliver } = await hooked({ secret }, { mode, secret });
    expect(kinds(await deliver(count))).toEqual(Array(count).fill("accepted"));
    expect(receiver.deliveries).toMatchObject([{ mode, verified: true }]);
    expect(receiver.events()).toEqual(sampleEvents(count));
  });

  it("sends the event id, also without a secret", async () => {
    const { receiver, deliver } = await hooked();
    await deliver();
    expect(receiver.deliveries[0]?.headers).toMatchObject({ "webhook-id": sampleEvent().id });
    expect(receiver.deliveries[0]?.headers).not.toHaveProperty("webhook-signature");
  });

  it("signs with every secret of a rotation, for receivers that know either", async () => {
    vi.useFakeTimers({ now: nowMs, toFake: ["Date"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { receiver, deliver } = await hooked({}, { secrets: [secret, oldSecret] });
    await deliver();
    const [delivery] = receiver.deliveries;
    if (!delivery) throw new Error("expected a delivery");
    const headers = delivery.headers as Record<string, string>;
    for (const known of [secret, oldSecret]) {
      expect(new Webhook(known).verify(delivery.body, headers)).toEqual(sampleEvent());
    }
    const other = new Webhook("whsec_/////////////////////////////////////////w==");
    expect(() => other.verify(delivery.body, headers)).toThrow(/signature/i);
  });

  it("repeats an event with the same id and body", async () => {
    const { receiver, deliver } = await hooked({
      respond: (number) => ({ status: number === 1 ? 503 : 204 }),
    });
    expect(kinds(await deliver())).toEqual(["retry server_error"]);
    expect(kinds(await deliver())).toEqual(["accepted"]);
    const [first, second] = receiver.deliveries;
    expect([second?.body, second?.headers["webhook-id"]]).toEqual([
      first?.body,
      first?.headers["webhook-id"],
    ]);
  });

  it("sends the configured headers", async () => {
    const { receiver, deliver } = await hooked(
      {},
      { headers: { Authorization: "Bearer x", "x-team": "sre" } },
    );
    await deliver();
    expect(receiver.deliveries[0]?.headers).toMatchObject({
      authorization: "Bearer x",
      "x-team": "sre",
      "user-agent": "dms-task-bridge",
    });
  });

  it("gives the contract's answer to every status over the wire", async () => {
    const { deliver } = await hooked({ respond: (number) => ({ status: number + 199 }) });
    const blocked = new Set([401, 403, 404, 407, 410]);
    const retried = new Set([408, 425, 429]);
    for (let status = 200; status <= 599; status += 1) {
      const [result] = await deliver();
      const ranges = ["accepted", "blocked", "permanent", "retry"];
      const expected = blocked.has(status)
        ? "blocked"
        : retried.has(status)
          ? "retry"
          : ranges[Math.floor(status / 100) - 2];
      expect([status, result?.kind]).toEqual([status, expected]);
    }
  });

  it("passes on the wait that the receiver asks for", async () => {
    const date = new Date(nowMs + 90_000).toUTCString();
    const { deliver } = await hooked({ respond: () => ({ status: 429, headers: { "retry-after": date } }) });
    expect(await deliver()).toMatchObject([{ kind: "retry", reason: "throttled", retryAfterMs: 90_000 }]);
  });

  it("refuses an address that is not open", async () => {
    const sink = webhook({ url: "http://127.0.0.1:9/", ...{ allowPrivateNetwork: ["10.0.0.0/8"] } });
    onTestFinished(() => sink.close());
    expect(kinds(await sink.deliver([sampleEvent()], running()))).toEqual(["blocked refused_address"]);
  });

  it("sends plain http to no public address", async () => {
    const sink = webhook({ url: "http://8.8.8.8/" });
    onTestFinished(() => sink.close());
    expect(kinds(await sink.deliver([sampleEvent()], running()))).toEqual(["blocked refused_address"]);
  });

  it("answers with retry once it is closed", async () => {
    const { sink, deliver } = await hooked();
    await sink.close();
    expect(kinds(await deliver())).toEqual(["retry network"]);
  });

  it("opens as many connections as there are deliveries under way", async () => {
    let release = (): void => {};
    const all = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { receiver, deliver } = await hooked({
      respond: (number) => {
        if (number === 20) release();
        return { delayMs: 0 };
      },
      clock: { now: () => nowMs, sleep: () => all },
    });
    await Promise.all(Array.from({ length: 20 }, () => deliver()));
    expect(receiver.connections()).toBe(20);
  });
});

describe("a webhook with a body of its own", () => {
  const body = '{"task": {{ task.name | json }}, "ip": {{ task.params.public_ip | default: "" | json }}}';

  it("sends what the template makes of each event, signed, under the event's id", async () => {
    const { receiver, deliver } = await hooked({ secret, respond: () => ({}) }, { secret, body });
    expect(kinds(await deliver(2))).toEqual(["accepted", "accepted"]);
    expect(receiver.deliveries).toMatchObject([
      { verified: true, headers: { "content-type": "application/json" } },
      { verified: true },
    ]);
    expect(receiver.deliveries.map((each): unknown => JSON.parse(each.body))).toEqual(
      Array(2).fill({ task: "bindInstancePublicIp", ip: "203.0.113.9" }),
    );
    expect(receiver.deliveries.map(({ headers }) => headers["webhook-id"])).toEqual(
      sampleEvents(2).map(({ id }) => id),
    );
  });

  it("names the type that it is told", async () => {
    const text = { body: "{{ task.name }}", contentType: "text/plain; charset=utf-8" };
    const { receiver, deliver } = await hooked({ respond: () => ({}) }, text);
    await deliver();
    expect(receiver.deliveries).toMatchObject([
      { headers: { "content-type": "text/plain; charset=utf-8" }, body: "bindInstancePublicIp" },
    ]);
  });

  it("refuses the one event that the template cannot be filled with, and sends the others", async () => {
    const port = { body: "{{ task.params.public_ip }}", contentType: "text/plain" };
    const { receiver, sink } = await hooked({ respond: () => ({}) }, port);
    const events = [sampleEvent(1, { params: { port: 1 } }), sampleEvent(2)];
    expect(kinds(await sink.deliver(events, running()))).toEqual(["permanent rejected", "accepted"]);
    expect(receiver.deliveries).toHaveLength(1);
  });
});

describe("a webhook in mode batch", () => {
  const limited = (most: number): ReceiverOptions => ({
    respond: (_, { events }) => ({ status: events.length > most ? 413 : 204 }),
  });

  it("counts brackets and commas as part of the body", async () => {
    const { sink } = await hooked({}, { mode: "batch", batch: { maxEvents: 10, maxBytes: 2_000 } });
    expect(sink.batch).toEqual({ maxEvents: 10, maxBytes: 1_989 });
  });

  it("makes smaller batches after one that is too large, down to single events", async () => {
    const { sink, deliver } = await hooked(limited(1), { mode: "batch" });
    expect(kinds(await deliver(100))).toEqual(Array(100).fill("retry too_large"));
    expect(sink.batch.maxEvents).toBe(10);
    expect(kinds(await deliver(10))).toEqual(Array(10).fill("retry too_large"));
    expect(sink.batch.maxEvents).toBe(1);
    expect(kinds(await deliver(1))).toEqual(["accepted"]);
  });

  it("gives up on a single event that is too large", async () => {
    const { deliver } = await hooked(limited(0), { mode: "batch" });
    expect(kinds(await deliver(1))).toEqual(["permanent too_large"]);
  });

  it("condemns no event for a batch that is refused", async () => {
    const { sink, deliver } = await hooked({ respond: () => ({ status: 422 }) }, { mode: "batch" });
    expect(kinds(await deliver(2))).toEqual(["retry rejected", "retry rejected"]);
    expect(sink.batch.maxEvents).toBe(1);
    expect(kinds(await deliver(1))).toEqual(["permanent rejected"]);
  });

  it("makes longer batches again as they are accepted, up to its limit", async () => {
    const { sink, deliver } = await hooked(limited(2), { mode: "batch", batch: { maxEvents: 3 } });
    await deliver(3);
    expect(sink.batch.maxEvents).toBe(1);
    for (let count = 0; count < 5; count += 1) await deliver(1);
    expect(sink.batch.maxEvents).toBe(3);
  });
});
