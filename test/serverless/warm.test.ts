import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { warmBridge } from "../../lib/serverless/warm.ts";
import type { Log } from "../../lib/telemetry/log.ts";
import { accessKey } from "../aws/sample.ts";
import { manualClock } from "../harness/clock.ts";
import { type ServerReply, serve } from "../harness/http.ts";

const parameter = (Value: string): ServerReply => ({ body: { Parameter: { Value } } });
const minuteMs = 60_000;

async function opened(secret: string, ...replies: [ServerReply, ...ServerReply[]]) {
  return openedWith({ ak: "ak", sk: secret }, ...replies);
}

async function openedWith(credentials: object | undefined, ...replies: [ServerReply, ...ServerReply[]]) {
  const { origin, seen } = await serve(...replies);
  const folder = await mkdtemp(join(tmpdir(), "bridge-warm-"));
  const config = {
    sources: [
      {
        engine: "rabbitmq",
        region: "cn-north-4",
        projectId: "p1",
        instances: ["i1"],
        credentials,
      },
    ],
    checkpoint: { type: "memory" },
    sinks: { out: { type: "console" } },
  };
  await writeFile(join(folder, "bridge.config.json"), JSON.stringify(config));
  const clock = manualClock(Date.parse("2026-11-24T12:00:00Z"));
  const logged: string[] = [];
  const log: Log = (_, message) => void logged.push(message);
  const warm = warmBridge({
    configFile: null,
    folder,
    environment: { ...accessKey, AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL: origin },
    clock: { now: () => clock.now(), sleep: async () => {} },
    random: () => 0,
    log,
  });
  onTestFinished(async () => {
    await (await warm.current(keyOf("last"))).close();
    await rm(folder, { recursive: true, force: true });
  });
  return { warm, clock, seen, logged };
}

/** A temporary key, as a platform hands it over. */
const keyOf = (ak: string) => ({ HUAWEICLOUD_SDK_AK: ak, HUAWEICLOUD_SDK_SK: "sk" });

describe("a warm bridge", () => {
  it("stays as it is, and asks for no secret, for five minutes", async () => {
    const { warm, clock, seen } = await opened("ssm:/prod/sk", parameter("one"));
    const bridge = await warm.current();
    await clock.advance(5 * minuteMs - 1);
    expect(await warm.current()).toBe(bridge);
    expect(seen).toHaveLength(1);
  });

  it("stays as it is when its secrets are the same after that, with the records it has in memory", async () => {
    const { warm, clock, seen } = await opened("ssm:/prod/sk", parameter("one"));
    const bridge = await warm.current();
    await clock.advance(5 * minuteMs);
    expect(await warm.current()).toBe(bridge);
    expect(await warm.current()).toBe(bridge);
    expect(seen).toHaveLength(2);
  });

  it("is opened anew with a secret that was rotated", async () => {
    const { warm, clock, logged } = await opened("ssm:/prod/sk", parameter("one"), parameter("two"));
    const bridge = await warm.current();
    await clock.advance(5 * minuteMs);
    expect(await warm.current()).not.toBe(bridge);
    expect(logged).toEqual(["secret rotated; reconnecting"]);
  });

  it("keeps the secrets in use while the store of secrets does not answer", async () => {
    const { warm, clock, logged } = await opened("ssm:/prod/sk", parameter("one"), { status: 500 });
    const bridge = await warm.current();
    await clock.advance(5 * minuteMs);
    expect(await warm.current()).toBe(bridge);
    expect(logged).toEqual(["secrets could not be read again; keeping the current ones"]);
  });

  it("looks at nothing again when it has no secret from a store", async () => {
    const { warm, clock, seen } = await opened("plain", parameter("unused"));
    const bridge = await warm.current();
    await clock.advance(60 * minuteMs);
    expect(await warm.current()).toBe(bridge);
    expect(seen).toEqual([]);
  });

  it("tries again after a start that failed", async () => {
    const { warm } = await opened("ssm:/prod/sk", { status: 400 }, parameter("one"));
    await expect(warm.current()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect((await warm.current()).sinks.size).toBe(1);
  });

  it("takes its access key from what it is handed, and stays as it is while that stays", async () => {
    const { warm, clock } = await openedWith(undefined, parameter("unused"));
    await expect(warm.current()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    const bridge = await warm.current(keyOf("one"));
    await clock.advance(60 * minuteMs);
    expect(await warm.current(keyOf("one"))).toBe(bridge);
  });

  it("is opened anew at once with another key that it is handed", async () => {
    const { warm, logged } = await openedWith(undefined, parameter("unused"));
    const bridge = await warm.current(keyOf("one"));
    const next = await warm.current(keyOf("two"));
    expect(next).not.toBe(bridge);
    expect(await warm.current(keyOf("two"))).toBe(next);
    expect(logged).toEqual(["secret rotated; reconnecting"]);
  });

  it("keeps the key in use while none is handed to it", async () => {
    const { warm, clock } = await openedWith(undefined, parameter("unused"));
    const bridge = await warm.current(keyOf("one"));
    expect(await warm.current()).toBe(bridge);
    await clock.advance(5 * minuteMs);
    expect(await warm.current()).toBe(bridge);
  });
});
