import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { describe, expect, it, onTestFinished } from "vitest";
import config from "../../examples/custom-sink/bridge.config.ts";
import tickets from "../../examples/custom-sink/sink.ts";
import history from "../../examples/custom-sink/sqlite.ts";
import { sinkName } from "../../lib/core/names.ts";
import { compileFilter } from "../../lib/filter/filter.ts";
import { create, defineSink, schema } from "../../lib/sinks/custom.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { receiving } from "../harness/api.ts";
import { running, sampleDeps, sampleEvent, sampleEvents } from "./sample.ts";

function opened(options: object): Sink {
  const sink = create(sinkName("mine"), v.parse(schema, options), sampleDeps);
  onTestFinished(() => sink.close());
  return sink;
}

const accepting = {
  deliver: async (events: readonly unknown[]) => events.map(() => ({ kind: "accepted" }) as const),
};

describe("a custom sink", () => {
  it.each([
    ["an object with deliver", accepting],
    [
      "an object with create",
      { create: (name: string) => ({ name, batch: {}, ...accepting, close: async () => {} }) },
    ],
    ["what defineSink made", defineSink(accepting)],
    ["a module's default export", { default: accepting }],
  ])("may be %s", async (_, module) => {
    expect(await opened({ module }).deliver([sampleEvent()], running())).toEqual([{ kind: "accepted" }]);
  });

  it.each([
    ["a path that nobody has resolved", "./sink.ts"],
    ["nothing", undefined],
    ["an empty object", {}],
    ["a deliver that is no function", { deliver: true }],
    ["a schema that is none", { create: () => {}, schema: {} }],
    ["a module without a sink", { default: {} }],
  ])("may not be %s", (_, module) => {
    const { issues = [] } = v.safeParse(schema, { module });
    expect(issues.map((issue) => v.getDotPath(issue))).toEqual(["module"]);
  });

  it("gets its options as its schema makes them", () => {
    let got: unknown;
    const module = defineSink({
      schema: v.strictObject({ size: v.optional(v.number(), 7) }),
      create: (name, options) => {
        got = options;
        return { name, batch: { maxEvents: 1, maxBytes: 1 }, ...accepting, close: async () => {} };
      },
    });
    opened({ module });
    expect(got).toEqual({ size: 7 });
  });

  it("has the issues of its own schema told under its own fields", () => {
    const module = defineSink({
      schema: v.strictObject({ size: v.number("a size") }),
      create: () => {
        throw new Error("not reached");
      },
    });
    const { issues = [] } = v.safeParse(schema, { module, size: "7", colour: "red" });
    expect(issues.map((issue) => v.getDotPath(issue))).toEqual(["size", "colour"]);
    expect(issues[0]?.message).toBe("a size");
  });

  it("has no options when it has no schema and no create", () => {
    expect(v.safeParse(schema, { module: accepting, size: 7 }).success).toBe(false);
  });

  it.each([
    [
      "create throws",
      {
        create: () => {
          throw new Error("pw=hunter2");
        },
      },
      "create threw Error",
    ],
    ["create returns nothing", { create: () => undefined }, "create returned no sink with deliver"],
    ["create returns no sink", { create: () => ({}) }, "create returned no sink with deliver"],
    [
      "its batch throws",
      {
        create: () => ({
          ...accepting,
          get batch() {
            throw new TypeError("b");
          },
        }),
      },
      "create threw TypeError",
    ],
  ])("answers each event with its defect when %s", async (_, module, detail) => {
    const sink = opened({ module });
    expect(await sink.deliver(sampleEvents(2), running())).toEqual(
      Array.from({ length: 2 }, () => ({ kind: "retry", reason: "defect", detail })),
    );
  });

  it("gets one event at a time when its limits are wrong, and needs no close", async () => {
    const sink = opened({
      module: { create: () => ({ ...accepting, batch: { maxEvents: Number.NaN, maxBytes: "7" } }) },
    });
    expect(sink.batch).toEqual({ maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER });
    await expect(sink.close()).resolves.toBeUndefined();
  });

  it("shows no secret of a detail", async () => {
    const deliver = async () => [
      { kind: "retry", reason: "network", detail: "token=SECRETXYZ https://u:PASS@h/x" },
    ];
    expect(await opened({ module: { deliver } }).deliver([sampleEvent()], running())).toEqual([
      { kind: "retry", reason: "network", detail: "token=*** https://u:***@h/x" },
    ]);
  });
});

describe("the example over HTTP", () => {
  it("opens a ticket with a key of its own for each event", async () => {
    const receiver = await receiving({ respond: () => ({ status: 201 }) });
    const headers = { authorization: "Bearer token" };
    const sink = opened({ module: tickets, url: receiver.url, headers, allowPrivateNetwork: true });
    expect(await sink.deliver([sampleEvent()], running())).toEqual([{ kind: "accepted" }]);
    const [{ headers: sent, body } = expect.fail("nothing arrived")] = receiver.deliveries;
    expect(sent).toMatchObject({
      "content-type": "application/json",
      "idempotency-key": "i-0001%2Ft-0001%2FSUCCESS%2F1767225600000",
      ...headers,
    });
    expect(JSON.parse(body)).toMatchObject({ title: "bindInstancePublicIp on i-0001: SUCCESS" });
  });

  it("needs its URL in the configuration", () => {
    const { issues = [] } = v.safeParse(schema, { module: tickets });
    expect(issues.map((issue) => v.getDotPath(issue))).toEqual(["url"]);
  });
});

describe("the example with SQLite", () => {
  it("keeps each task's latest state, whatever comes twice", async () => {
    const folder = await mkdtemp(join(tmpdir(), "custom-sink-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "tasks.db");
    const sink = opened({ module: config.sinks.history.module, path });
    const changes = [
      ...sampleEvents(2),
      sampleEvent(1, { status: "EXECUTING", updatedAt: "2025-12-31T23:59:56.000Z" }),
    ];
    for (let time = 0; time < 2; time += 1) {
      expect(await sink.deliver(changes, running())).toEqual(changes.map(() => ({ kind: "accepted" })));
    }
    const database = new DatabaseSync(path);
    onTestFinished(() => database.close());
    expect(database.prepare("SELECT id, status FROM task ORDER BY id").all()).toEqual([
      { id: "t-0001", status: "SUCCESS" },
      { id: "t-0002", status: "SUCCESS" },
    ]);
  });

  it("answers with retry while the database is locked", async () => {
    const folder = await mkdtemp(join(tmpdir(), "custom-sink-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "tasks.db");
    const sink = opened({ module: history, path });
    const other = new DatabaseSync(path);
    onTestFinished(() => other.close());
    other.exec("BEGIN IMMEDIATE");
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([{ kind: "retry" }]);
  });

  it("has a filter that compiles", () => {
    const filter = compileFilter(config.sinks.history.filter);
    expect(filter.matches(sampleEvent())).toBe(true);
    expect(filter.matches(sampleEvent(1, { status: "DELETED" }))).toBe(false);
  });
});
