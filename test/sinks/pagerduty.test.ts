import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { CloudEvent } from "../../lib/change/event.ts";
import type { EventKind } from "../../lib/change/kind.ts";
import { dedupKey } from "../../lib/sinks/pagerduty.ts";
import type { SinkDeps } from "../../lib/sinks/sink.ts";
import { sinkAt } from "../contract/service.ts";
import { anyCharacter } from "../harness/any-character.ts";
import { type Answering, serve } from "../harness/http.ts";
import { withoutVisibleSigns } from "../text/visible-signs.ts";
import {
  type Enqueued,
  enqueued,
  pagerdutyService,
  routingKey,
  skippingClock,
  taken,
} from "./chat/pagerduty-service.ts";
import { eventOf, foreignEvent, injections, kinds } from "./chat/sample.ts";
import { running, sampleDeps } from "./sample.ts";

async function setUp(options: Readonly<Record<string, unknown>> = {}, answering: Answering = taken) {
  const clock = skippingClock();
  const deps: SinkDeps = { ...sampleDeps, clock };
  const heard: (Enqueued & { readonly atMs: number })[] = [];
  const { origin } = await serve((request) => {
    heard.push({ ...enqueued(request), atMs: clock.now() });
    return typeof answering === "function" ? answering(request) : answering;
  });
  const sink = sinkAt(pagerdutyService, origin, options, deps);
  onTestFinished(() => sink.close());
  return { sink, heard, clock };
}

/** Seen in the nth second. */
const seenAt = (second: number, event: CloudEvent): CloudEvent => {
  const observedAt = new Date(Date.parse(event.data.change.observedAt) + second * 1_000).toISOString();
  return { ...event, data: { ...event.data, change: { ...event.data.change, observedAt } } };
};

const told = (heard: readonly Enqueued[]) => heard.map(({ event_action }) => event_action);

/** The alerts left open when PagerDuty works on events that came within a few seconds in the worst order. */
function openAlerts(heard: readonly (Enqueued & { readonly atMs: number })[]): readonly string[] {
  const open = new Set<string>();
  for (const [key, events = []] of Map.groupBy(heard, ({ dedup_key }) => dedup_key)) {
    const worst = events
      .map((event, index) => ({ ...event, group: Math.floor(event.atMs / 5_000), index }))
      .toSorted((a, b) => a.group - b.group || b.index - a.index);
    if (worst.at(-1)?.event_action === "trigger") open.add(key);
  }
  return [...open];
}

describe("what PagerDuty is told", () => {
  it.each(kinds)("of a task that is %s", async (kind) => {
    const actions: Partial<Record<EventKind, string>> = {
      failed: "trigger",
      overdue: "trigger",
      succeeded: "resolve",
      unreadable: "trigger",
      recovered: "resolve",
    };
    const { sink, heard } = await setUp();
    expect(await sink.deliver([eventOf(kind)], running())).toEqual([{ kind: "accepted" }]);
    expect(told(heard)).toEqual(actions[kind] === undefined ? [] : [actions[kind]]);
  });

  it("is an alert with all that the card says", async () => {
    const links = { Console: "https://console.example.com/{instance}" };
    const { sink, heard } = await setUp({ links, titlePrefix: "[prod] " });
    await sink.deliver([eventOf("failed")], running());
    expect(heard).toMatchObject([
      {
        routing_key: routingKey,
        event_action: "trigger",
        dedup_key: "dms/i-0001/bindInstancePublicIp",
        client: "dms-task-bridge",
        payload: {
          summary: "[prod] Bind public IP failed · i-0001 · RabbitMQ · eu-west-101 · Took 5 s",
          source: "i-0001",
          severity: "error",
          timestamp: "2026-01-01T00:00:00.000Z",
          component: "rabbitmq",
          group: "i-0001",
          class: "bindInstancePublicIp",
          custom_details: { Operator: "li.wei", public_ip: "203.0.113.9", task: "t-0001" },
        },
        links: [{ text: "Console", href: "https://console.example.com/i-0001" }],
      },
    ]);
  });

  it("keeps its own facts beside parameters of the same names", async () => {
    const { sink, heard } = await setUp();
    const params = { Operator: "mallory", operator: "m", task: "t-9999", Instance: "other", __proto__x: "1" };
    const event = eventOf("failed", 1, { params });
    const instance = { ...event.data.instance, name: "orders" };
    await sink.deliver([{ ...event, data: { ...event.data, instance } }], running());
    expect(heard[0]?.payload.custom_details).toMatchObject({
      Instance: "i-0001",
      task: "t-0001",
      Operator: "li.wei",
      "Operator (2)": "mallory",
      "operator (3)": "m",
      "task (2)": "t-9999",
      "Instance (2)": "other",
    });
  });

  it("has the severity of the options", async () => {
    const { sink, heard } = await setUp({ severity: { failed: "critical", overdue: "info" } });
    await sink.deliver([eventOf("failed", 1), eventOf("overdue", 2)], running());
    expect(heard.map(({ payload }) => payload.severity)).toEqual(["critical", "info"]);
  });

  it("includes a task that was cancelled where the options say so", async () => {
    const { sink, heard } = await setUp({ resolveOnCancelled: true });
    await sink.deliver([eventOf("cancelled")], running());
    expect(told(heard)).toEqual(["resolve"]);
  });

  it.each([
    ["us", "https://events.pagerduty.com"],
    ["eu", "https://events.eu.pagerduty.com"],
  ])("goes to the host of the region %s", async (region, origin) => {
    const sink = sinkAt(pagerdutyService, "", { region, endpoint: undefined });
    onTestFinished(() => sink.close());
    // A run that has ended connects to nothing.
    const [result] = await sink.deliver([eventOf("failed")], { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ kind: "retry", detail: expect.stringContaining(`${origin}:`) });
  });

  it.each([{ region: "cn" }, { routingKey: "short" }, { severity: { failed: "high" } }, { url: "x" }])(
    "is not decided by %j",
    (options) => {
      expect(() => sinkAt(pagerdutyService, "https://events.example.com", options)).toThrow();
    },
  );
});

describe("the key of an alert", () => {
  it("is the same for every task of a name, and another for other names and instances", () => {
    const other = eventOf("failed");
    const elsewhere = {
      ...other,
      data: { ...other.data, instance: { ...other.data.instance, instanceId: "i-2" } },
    };
    const keys = [
      dedupKey(eventOf("failed", 1)),
      dedupKey(eventOf("succeeded", 2)),
      dedupKey(eventOf("failed", 1, { name: "resize" })),
      dedupKey(elsewhere),
    ];
    expect(keys[1]).toBe(keys[0]);
    expect(new Set(keys).size).toBe(3);
  });

  it("has at most 255 bytes and tells long names apart", () => {
    const names = fc.string({ unit: anyCharacter, maxLength: 400 });
    fc.assert(
      fc.property(names, fc.integer({ min: 0, max: 400 }), (text, length) => {
        const [one, two] = ["a", "b"].map((end) =>
          dedupKey(eventOf("failed", 1, { name: `${text}${"绑".repeat(length)}${end}` })),
        );
        expect(Buffer.byteLength(one ?? "")).toBeLessThanOrEqual(255);
        expect(one).not.toBe(two);
        expect(one?.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe("the order of what is said of one alert", () => {
  it.each([
    ["failed", "succeeded", 0],
    ["succeeded", "failed", 1],
  ] as const)("is kept when a task that %s is followed at once by one that %s", async (one, two, open) => {
    const { sink, heard } = await setUp();
    await sink.deliver([eventOf(one, 1), eventOf(two, 2)], running());
    expect(heard).toHaveLength(2);
    expect(openAlerts(heard)).toHaveLength(open);
  });

  it("is kept between deliveries that are under way at once", async () => {
    const { sink, heard } = await setUp();
    const deliveries = [eventOf("failed", 1), eventOf("succeeded", 2)].map((event) =>
      sink.deliver([event], running()),
    );
    await Promise.all(deliveries);
    expect(told(heard)).toEqual(["trigger", "resolve"]);
    expect(openAlerts(heard)).toEqual([]);
  });

  it("costs no wait for alerts of other names, for a repeat, or after a while", async () => {
    const { sink, clock } = await setUp();
    const failed = eventOf("failed", 1);
    const startMs = clock.now();
    await sink.deliver([failed, eventOf("succeeded", 2, { name: "resize" }), failed], running());
    expect(clock.now()).toBe(startMs);
    clock.skip(60_000);
    await sink.deliver([eventOf("succeeded", 3)], running());
    expect(clock.now()).toBe(startMs + 60_000);
  });

  it("lets nothing that was seen earlier undo what was seen later", async () => {
    const { sink, heard } = await setUp();
    await sink.deliver([seenAt(2, eventOf("failed", 2))], running());
    expect(await sink.deliver([seenAt(1, eventOf("succeeded", 1))], running())).toEqual([
      { kind: "accepted" },
    ]);
    expect(told(heard)).toEqual(["trigger"]);
    await sink.deliver([seenAt(3, eventOf("succeeded", 3))], running());
    expect(told(heard)).toEqual(["trigger", "resolve"]);
  });

  it("does not end with a request that failed", async () => {
    const { sink, heard } = await setUp({}, (request) =>
      enqueued(request).event_action === "trigger" ? { status: 500 } : taken(request),
    );
    const trigger = eventOf("failed", 1);
    const results = await Promise.all(
      [trigger, eventOf("succeeded", 2)].map((event) => sink.deliver([event], running())),
    );
    expect(results.flat().map(({ kind }) => kind)).toEqual(["retry", "accepted"]);
    await sink.deliver([trigger], running());
    expect(told(heard)).toEqual(["trigger", "resolve", "trigger"]);
  });
});

describe("an answer of PagerDuty", () => {
  const ok = { status: "success" };
  const invalid = (...errors: readonly string[]) => ({ status: "invalid event", message: "no", errors });
  it.each([
    [202, ok, "accepted", undefined],
    [200, {}, "blocked not_found", 600_000],
    [400, invalid("'summary' is missing"), "permanent rejected", undefined],
    [400, invalid("Length of 'routing_key' is incorrect"), "blocked unauthorized", undefined],
    [400, { status: "Invalid Event", message: "Invalid Routing Key" }, "blocked unauthorized", undefined],
    [403, {}, "blocked unauthorized", undefined],
    [413, {}, "permanent too_large", undefined],
    [429, { status: "throttle exceeded" }, "retry throttled", 120_000],
    [500, {}, "retry server_error", 120_000],
    [503, "", "retry server_error", 120_000],
  ])("with %d and %j is %s", async (status, body, expected, waitMs) => {
    const { sink } = await setUp({}, { status, body });
    const [result] = await sink.deliver([eventOf("failed")], running());
    if (!result) throw new Error("no result");
    expect(result.kind === "accepted" ? result.kind : `${result.kind} ${result.reason}`).toBe(expected);
    expect("retryAfterMs" in result ? result.retryAfterMs : undefined).toBe(waitMs);
  });

  it("that asks for another wait is obeyed", async () => {
    const { sink } = await setUp({}, { status: 429, headers: { "retry-after": "7" } });
    expect(await sink.deliver([eventOf("failed")], running())).toMatchObject([{ retryAfterMs: 7_000 }]);
  });

  it("that stops one event stops those after it for now", async () => {
    const { sink, heard } = await setUp({}, { status: 429 });
    const results = await sink.deliver([eventOf("failed", 1), eventOf("failed", 2)], running());
    expect(results.map(({ kind }) => kind)).toEqual(["retry", "retry"]);
    expect(heard).toHaveLength(1);
  });
});

describe("foreign text in an alert", () => {
  it("is on one line and within every limit", async () => {
    const { sink, heard } = await setUp();
    const texts = fc.oneof(
      fc.constantFrom(...injections, "绑".repeat(10_000), "\\".repeat(10_000)),
      fc.string({ unit: anyCharacter, minLength: 1, maxLength: 400 }),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const event = { ...foreignEvent(text), type: eventOf("failed").type };
        expect(await sink.deliver([event], running())).toEqual([{ kind: "accepted" }]);
        const { payload } = heard.at(-1) ?? {};
        expect(withoutVisibleSigns(JSON.stringify(payload))).not.toMatch(
          /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?<!\\)(\\\\)*\\[un]/u,
        );
      }),
      { numRuns: 60 },
    );
  });
});
