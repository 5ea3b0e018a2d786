import { createClient } from "@redis/client";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import * as redisSink from "../../../lib/sinks/redis.ts";
import type { Sink, SinkDeps } from "../../../lib/sinks/sink.ts";
import { brokerServerContract } from "../../contract/broker-server.ts";
import { sinkContract, type Trial } from "../../contract/sink.ts";
import { type Redis, startRedis } from "../../services/redis.ts";
import { freePort } from "../../services/server.ts";
import { running, sampleDeps, sampleEvent, sampleEvents, sinkOf } from "../sample.ts";
import { silentServer } from "./strangers.ts";
import { tlsFront } from "./tls-front.ts";

type Options = Partial<v.InferInput<typeof redisSink.schema>>;

const bridge = { user: "bridge", password: "a-password-that-nobody-may-see" } as const;
const wrongPassword = "a-wrong-password";

let redis: Redis;
beforeAll(async () => {
  // The user's rights are the ones that the documentation names.
  const rights = ["~tasks*", "~{tasks*", "+eval", "+set", "+xadd", "+select"];
  redis = await startRedis("--user", bridge.user, "on", `>${bridge.password}`, ...rights);
}, 60_000);
afterAll(() => redis.stop());

/** Sends commands as the default user, who may do everything. */
async function asAdmin(...commands: readonly (readonly string[])[]): Promise<readonly unknown[]> {
  const client = createClient({ url: `redis://${redis.host}`, RESP: 2 });
  await client.on("error", () => {}).connect();
  try {
    return await Promise.all(commands.map((command) => client.sendCommand<unknown>(command)));
  } finally {
    client.destroy();
  }
}

type Entry = Readonly<Record<string, string>>;

async function entriesIn(stream: string): Promise<readonly Entry[]> {
  const [entries] = await asAdmin(["XRANGE", stream, "-", "+"]);
  return v.parse(v.array(v.tuple([v.string(), v.array(v.string())])), entries).map(([, flat]) => {
    const pairs = flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ""]] : []));
    return Object.fromEntries(pairs);
  });
}

const idsIn = async (stream: string): Promise<readonly string[]> =>
  (await entriesIn(stream)).map(({ id = "" }) => id);

let streams = 0;
const newStream = (): string => {
  streams += 1;
  return `tasks-${streams}`;
};

function sinkTo(stream: string, options: Options = {}, deps: SinkDeps = sampleDeps): Sink {
  const written = { url: `redis://${redis.host}`, ...bridge, stream, ...options };
  const sink = sinkOf(redisSink, written, deps);
  onTestFinished(() => sink.close());
  return sink;
}

const trialOf =
  (options: () => Options | Promise<Options>) =>
  async (deps: SinkDeps): Promise<Trial> => {
    const stream = newStream();
    return { sink: sinkTo(stream, await options(), deps), arrived: () => idsIn(stream) };
  };

sinkContract("redis", {
  working: trialOf(() => ({})),
  failing: {
    "a wrong password": trialOf(() => ({ password: wrongPassword })),
    "a key that is not the user's": trialOf(() => ({ stream: "others" })),
    "a refused connection": trialOf(async () => ({ url: `redis://127.0.0.1:${await freePort()}` })),
    "a server that does not speak TLS": trialOf(() => ({
      url: `rediss://${redis.host}`,
      timeout: "1s",
    })),
    "a server that never answers": trialOf(async () => ({
      url: `redis://${(await silentServer()).host}`,
      timeout: "50ms",
    })),
  },
  secrets: [bridge.password, wrongPassword],
});

brokerServerContract("redis", {
  async place() {
    const stream = newStream();
    return { sinkTo: (options) => sinkTo(stream, options), arrived: () => idsIn(stream) };
  },
  async tls() {
    const { host, ca } = await tlsFront(redis.host);
    return { options: { url: `rediss://${host}` }, ca };
  },
  kill: () => redis.kill(),
  restart: () => redis.restart(),
  keepsOnce: true,
});

const accepted = { kind: "accepted" };
const ids = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id);

describe("the redis sink", () => {
  it("adds the event as it is, beside what readers choose by", async () => {
    const stream = newStream();
    const event = sampleEvent(1, { name: "绑定 \u0000 \n" });
    expect(await sinkTo(stream).deliver([event], running())).toEqual([accepted]);
    expect(await entriesIn(stream)).toEqual([
      { id: event.id, type: event.type, subject: event.subject, ce: JSON.stringify(event) },
    ]);
  });

  it("adds nothing for a repeat, from itself or from the sink of a later run", async () => {
    const stream = newStream();
    const first = sinkTo(stream);
    await first.deliver(sampleEvents(2), running());
    expect(await first.deliver(sampleEvents(2), running())).toEqual([accepted, accepted]);
    expect(await sinkTo(stream).deliver(sampleEvents(3), running())).toEqual([accepted, accepted, accepted]);
    expect(await idsIn(stream)).toEqual(ids(sampleEvents(3)));
  });

  it("knows a repeat for as long as it is told to", async () => {
    const stream = newStream();
    await sinkTo(stream, { repeatWindow: "2h" }).deliver([sampleEvent()], running());
    const mark = `{${stream}}:sent:${sampleEvent().id}`;
    const [left] = await asAdmin(["PTTL", mark]);
    expect(left).toBeGreaterThan(7_100_000);
    expect(left).toBeLessThanOrEqual(7_200_000);
    await asAdmin(["DEL", mark]);
    await sinkTo(stream).deliver([sampleEvent()], running());
    expect(await idsIn(stream)).toHaveLength(2);
  });

  it("keeps the marks of a stream whose name says where a cluster puts it beside that stream", async () => {
    const stream = `{tasks-at}:${newStream()}`;
    await sinkTo(stream).deliver([sampleEvent()], running());
    expect(await asAdmin(["EXISTS", `${stream}:sent:${sampleEvent().id}`])).toEqual([1]);
  });

  it("bounds the stream", async () => {
    const stream = newStream();
    const sink = sinkTo(stream, { maxLength: 100 });
    const events = sampleEvents(1_000);
    for (let from = 0; from < events.length; from += 100)
      await sink.deliver(events.slice(from, from + 100), running());
    const kept = await idsIn(stream);
    expect(kept.length).toBeGreaterThanOrEqual(100);
    expect(kept.length).toBeLessThan(300);
    expect(kept.at(-1)).toBe(events.at(-1)?.id);
  });

  it("writes to the database that the URL names", async () => {
    const stream = newStream();
    const sink = sinkTo(stream, { url: `redis://${redis.host}/3` });
    expect(await sink.deliver([sampleEvent()], running())).toEqual([accepted]);
    expect(await asAdmin(["EXISTS", stream], ["SELECT", "3"], ["EXISTS", stream])).toEqual([0, "OK", 1]);
  });

  it.each([
    ["a wrong password", { password: wrongPassword }, "WRONGPASS: the login is refused"],
    ["a key that is not its own", { stream: "others" }, "NOPERM: the user may not add to the stream"],
  ] as const)("is blocked before %s", async (_, options, said) => {
    const results = await sinkTo(newStream(), options).deliver([sampleEvent()], running());
    expect(results).toMatchObject([
      { kind: "blocked", reason: "unauthorized", detail: `redis://${redis.host}: Redis answers ${said}` },
    ]);
  });

  it("is blocked where the server asks for a password and it has none", async () => {
    await asAdmin(["CONFIG", "SET", "requirepass", "x"]);
    const sink = sinkTo(newStream(), { user: undefined, password: undefined });
    const results = await sink.deliver([sampleEvent()], running());
    const admin = createClient({ url: `redis://:x@${redis.host}`, RESP: 2 });
    await admin.connect();
    await admin.sendCommand(["CONFIG", "SET", "requirepass", ""]);
    admin.destroy();
    expect(results).toMatchObject([
      { kind: "blocked", reason: "unauthorized", detail: expect.stringContaining("Redis") },
    ]);
  });

  it("is blocked while the key holds something else, and has not counted the event as sent", async () => {
    const stream = newStream();
    await asAdmin(["SET", stream, "a text"]);
    const sink = sinkTo(stream);
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([
      { kind: "blocked", reason: "rejected", detail: expect.stringContaining("WRONGTYPE") },
    ]);
    await asAdmin(["DEL", stream]);
    await expect.poll(() => asAdmin(["EXISTS", `{${stream}}:sent:${sampleEvent().id}`])).toEqual([0]);
    expect(await sink.deliver([sampleEvent()], running())).toEqual([accepted]);
    expect(await idsIn(stream)).toEqual([sampleEvent().id]);
  });

  it.each([
    ["has no memory left", ["maxmemory", "1"], ["maxmemory", "0"], "throttled", "OOM"],
    [
      "has too few replicas",
      ["min-replicas-to-write", "1"],
      ["min-replicas-to-write", "0"],
      "server_error",
      "NOREPLICAS",
    ],
  ])("tries again while the server %s", async (_, broken, mended, reason, said) => {
    const stream = newStream();
    const sink = sinkTo(stream);
    await asAdmin(["CONFIG", "SET", ...broken]);
    const results = await sink.deliver([sampleEvent()], running());
    await asAdmin(["CONFIG", "SET", ...mended]);
    expect(results).toMatchObject([{ kind: "retry", reason, detail: expect.stringContaining(said) }]);
    expect(await sink.deliver([sampleEvent()], running())).toEqual([accepted]);
  });

  it("tries again while the server is a replica", async () => {
    const sink = sinkTo(newStream());
    await asAdmin(["REPLICAOF", "127.0.0.1", String(await freePort())]);
    const results = await sink.deliver([sampleEvent()], running());
    await asAdmin(["REPLICAOF", "NO", "ONE"]);
    expect(results).toMatchObject([{ kind: "retry", reason: "server_error" }]);
    expect(await sink.deliver([sampleEvent()], running())).toEqual([accepted]);
  });

  // Redis resets the connection over it, and its answer may be lost in that.
  it("does not take an event that is too large, and goes on with the next", async () => {
    const stream = newStream();
    const sink = sinkTo(stream);
    await asAdmin(["CONFIG", "SET", "proto-max-bulk-len", "1048576"]);
    const large = sampleEvent(1, { params: { text: "x".repeat(1_048_576) } });
    const [result] = await sink.deliver([large], running());
    expect(["permanent too_large", "retry network"]).toContain(
      result?.kind === "accepted" ? result.kind : `${result?.kind} ${result?.reason}`,
    );
    expect(await sink.deliver([sampleEvent(2)], running())).toEqual([accepted]);
    expect(await idsIn(stream)).toEqual([sampleEvent(2).id]);
  });

  it("connects anew after the server closed its connection", async () => {
    const stream = newStream();
    const sink = sinkTo(stream);
    await sink.deliver([sampleEvent(1)], running());
    await asAdmin(["CLIENT", "KILL", "USER", bridge.user]);
    const first = await sink.deliver([sampleEvent(2)], running());
    if (first[0]?.kind !== "accepted") {
      expect(first).toMatchObject([{ kind: "retry", reason: "network" }]);
      expect(await sink.deliver([sampleEvent(2)], running())).toEqual([accepted]);
    }
    expect(await idsIn(stream)).toEqual([sampleEvent(1).id, sampleEvent(2).id]);
  });

  it("leaves no connection behind when it is closed", async () => {
    const sink = sinkTo(newStream());
    await sink.deliver([sampleEvent()], running());
    await sink.close();
    const [clients] = await asAdmin(["CLIENT", "LIST"]);
    expect(clients).not.toContain(`user=${bridge.user}`);
  });
});

describe("the options of Redis", () => {
  it.each(["redis://h/x", "redis://h/1/2", "http://h", "redis://h?x=1"])("take no URL %s", (url) =>
    expect(v.is(redisSink.schema, { url, stream: "s" })).toBe(false),
  );

  it("take TLS options only where there is TLS", () => {
    expect(v.is(redisSink.schema, { url: "redis://h", stream: "s", tls: {} })).toBe(false);
    expect(v.is(redisSink.schema, { url: "rediss://h/2", stream: "s", tls: {} })).toBe(true);
  });
});
