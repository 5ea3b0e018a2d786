import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { key } from "../harness/api.ts";
import { type BridgeFolder, bridgeFolder } from "../harness/bridge.ts";
import { hostileEvents } from "../serverless/wake-events.ts";

async function watching(harness: BridgeFolder, ...args: readonly string[]) {
  const command = harness.start("watch", "--interval", "50ms", "--listen", "127.0.0.1:0", ...args);
  const said = await command.said("err", /listening at http:\S+\n/);
  const [url = ""] = /http:\S+/.exec(said) ?? [];
  const get = async (path: string, method = "GET") => {
    const response = await fetch(url + path, { method });
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      text: await response.text(),
    };
  };
  /** Asks until the answer fits; the test's own time limit bounds it. */
  const until = async (path: string, fits: (answer: Awaited<ReturnType<typeof get>>) => boolean) => {
    for (;;) {
      const answer = await get(path);
      if (fits(answer)) return answer;
      await sleep(20);
    }
  };
  return { url, command, get, until };
}

const token = "a-token-of-the-tests";
const woken = async (url: string, body: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${url}/wake`, { method: "POST", headers, body })).status;
};

/** The value of a sample by its name and labels. */
const sample = (text: string, name: string): number =>
  Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`dms_task_bridge_${name} `))
      ?.split(" ")
      .at(-1),
  );

describe("watch --listen", () => {
  it("is healthy from the start, and ready once the first run has ended", async () => {
    const reached = Promise.withResolvers<void>();
    const harness = await bridgeFolder({
      respond: () => {
        reached.resolve();
        return { hang: true };
      },
      delivery: { timeBudget: "1500ms" },
    });
    harness.task("bindInstancePublicIp");
    const { get, until } = await watching(harness);
    await reached.promise;
    expect(await get("/healthz")).toMatchObject({ status: 200, text: "ok\n" });
    expect(await get("/readyz")).toMatchObject({ status: 503, text: "the first run has not ended\n" });
    expect(await until("/readyz", ({ status }) => status === 200)).toMatchObject({ text: "ok\n" });
  });

  it("is not ready while its store cannot be read, and is healthy all the same", async () => {
    const harness = await bridgeFolder();
    const { get, until } = await watching(harness);
    await until("/readyz", ({ status }) => status === 200);
    await rm(`${harness.folder}/.bridge`, { recursive: true });
    expect(await until("/readyz", ({ status }) => status === 503)).toMatchObject({
      text: "the store cannot be read\n",
    });
    expect((await get("/healthz")).status).toBe(200);
  });

  it("counts by sink and by stream what its runs did", async () => {
    let up = false;
    const harness = await bridgeFolder({ respond: () => ({ status: up ? 204 : 503 }) });
    harness.task("bindInstancePublicIp");
    const { until } = await watching(harness);
    const down = await until(
      "/metrics",
      ({ text }) => sample(text, 'retried_total{sink="ops"}') > 0 && sample(text, 'pending{sink="ops"}') > 0,
    );
    expect(down.type).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(sample(down.text, 'accepted_total{sink="ops"}')).toBe(0);
    expect(sample(down.text, 'oldest_pending_age_seconds{sink="ops"}')).toBeGreaterThan(0);
    expect(sample(down.text, `changes_total{stream="${key}"}`)).toBe(1);
    expect(sample(down.text, "run_duration_seconds_count")).toBeGreaterThan(0);
    up = true;
    const settled = await until("/metrics", ({ text }) => sample(text, 'pending{sink="ops"}') === 0);
    expect(sample(settled.text, 'accepted_total{sink="ops"}')).toBe(1);
    expect(sample(settled.text, 'oldest_pending_age_seconds{sink="ops"}')).toBe(0);
    const polled = sample(settled.text, `last_successful_poll_timestamp_seconds{stream="${key}"}`);
    expect(Math.abs(Date.now() / 1_000 - polled)).toBeLessThan(60);
    const listed = `stream="${key}"`;
    expect(settled.text).toMatch(
      new RegExp(`api_requests_total{operation="ListBackgroundTasks",outcome="success",${listed}} [1-9]`),
    );
    expect(sample(settled.text, `poll_duration_seconds{${listed}}`)).toBeGreaterThan(0);
  });

  it("counts deliveries that were given up, and a stream that cannot be read", async () => {
    const harness = await bridgeFolder({ respond: () => ({ status: 422 }) });
    harness.task("bindInstancePublicIp");
    const { until } = await watching(harness);
    await until("/metrics", ({ text }) => sample(text, 'dead_lettered_total{sink="ops"}') === 1);
    harness.simulator.faults.on("html", { times: 3, operation: "ListBackgroundTasks" });
    await until("/metrics", ({ text }) => /stream_errors_total\{stream="\S+",code="\w+"\} [1-9]/.test(text));
  });

  it("counts throttled requests to the API by stream", async () => {
    const harness = await bridgeFolder();
    const { until } = await watching(harness);
    harness.simulator.faults.on("throttle", { times: 2, operation: "ListBackgroundTasks" });
    await until("/metrics", ({ text }) => /outcome="throttled",stream="\S+"} 2/.test(text));
  });

  it("polls at once when it is woken with the token, and only then", async () => {
    const harness = await bridgeFolder({ environment: { BRIDGE_WAKE_TOKEN: token } });
    const { url, command, until } = await watching(harness, "--interval", "1h");
    await until("/readyz", ({ status }) => status === 200);
    const wake = async (authorization: string, method = "POST") => {
      const headers = authorization ? { authorization } : {};
      const body = method === "POST" ? JSON.stringify({ resource: key.split("/").at(-1) }) : null;
      return (await fetch(`${url}/wake`, { method, headers, body })).status;
    };
    harness.task("bindInstancePublicIp");
    for (const wrong of ["", "Bearer", "Bearer another", `Basic ${token}`, `Bearer ${token}x`, token])
      expect(await wake(wrong)).toBe(401);
    expect(await wake(`Bearer ${token}`, "GET")).toBe(405);
    expect(harness.receiver.deliveries).toHaveLength(0);
    expect(await wake(`bearer ${token}`)).toBe(202);
    await command.said("out", /bindInstancePublicIp/);
    await expect.poll(() => harness.receiver.deliveries.length).toBe(1);
  });

  it("makes one run of a flood of 1,000 wakes", async () => {
    const harness = await bridgeFolder({ environment: { BRIDGE_WAKE_TOKEN: token } });
    const { url, command, until } = await watching(harness, "--interval", "1h", "--json");
    await until("/readyz", ({ status }) => status === 200);
    const before = harness.simulator.requestCount();
    harness.task("bindInstancePublicIp");
    const startedMs = Date.now();
    const statuses = await Promise.all(
      Array.from({ length: 1_000 }, () => woken(url, JSON.stringify({ key }))),
    );
    expect(new Set(statuses)).toEqual(new Set([202]));
    // A busy machine may need longer than the five seconds that one run covers.
    const runs = 1 + Math.floor((Date.now() - startedMs) / 5_000);
    await expect.poll(() => harness.receiver.deliveries.length).toBe(1);
    command.kill("SIGTERM");
    const { out } = await command.ended;
    expect((out.match(/"runId"/g) ?? []).length - 1).toBeLessThanOrEqual(runs);
    expect(harness.simulator.requestCount() - before).toBeLessThanOrEqual(runs);
  });

  it("polls all streams by a wake that it cannot make sense of", async () => {
    const harness = await bridgeFolder({ environment: { BRIDGE_WAKE_TOKEN: token } });
    const { url, command, get, until } = await watching(harness, "--interval", "1h");
    await until("/readyz", ({ status }) => status === 200);
    harness.task("bindInstancePublicIp");
    const bodies = hostileEvents.map(([, event]) =>
      typeof event === "string" ? event : JSON.stringify(event),
    );
    for (const body of [...bodies, "", "x".repeat(3_000_000), "\0\u{d800}", '{"__proto__":{"x":1}}'])
      expect(await woken(url, body)).toBe(202);
    await expect.poll(() => harness.receiver.deliveries.length).toBe(1);
    expect((await get("/healthz")).status).toBe(200);
    command.kill("SIGTERM");
    expect(await command.ended).toMatchObject({ code: 143, err: expect.not.stringContaining("defect") });
  });

  it("refuses a token for wakes that is too short, and has no /wake without one", async () => {
    const short = await bridgeFolder({ environment: { BRIDGE_WAKE_TOKEN: "short" } });
    const { code, err } = await short.run("watch", "--listen", "127.0.0.1:0");
    expect([code, err]).toEqual([2, expect.stringContaining("BRIDGE_WAKE_TOKEN: expected at least 16")]);
    const { get } = await watching(await bridgeFolder());
    expect((await get("/wake", "POST")).status).toBe(405);
  });

  it("shows no secret, and answers nothing else", async () => {
    const harness = await bridgeFolder();
    const { get, until } = await watching(harness);
    await until("/readyz", ({ status }) => status === 200);
    expect((await get("/metrics")).text).not.toContain("path-that-is-a-password");
    expect([(await get("/")).status, (await get("/healthz", "POST")).status]).toEqual([404, 405]);
  });

  it("ends at once at a signal, whatever connections are open", async () => {
    const harness = await bridgeFolder();
    const { command, until } = await watching(harness);
    await until("/readyz", ({ status }) => status === 200);
    command.kill("SIGTERM");
    expect((await command.ended).code).toBe(143);
  });

  it.each([["9400"], ["127.0.0.1"], ["127.0.0.1:70000"], ["not an address:1"], ["192.0.2.1:9400"]])(
    "refuses %s with one clear error",
    async (address) => {
      const harness = await bridgeFolder();
      const { code, err } = await harness.run("watch", "--listen", address);
      expect(code).toBe(2);
      expect(err).toMatch(/^error: --listen: expected .*, found ".*"\n$/);
    },
  );
});
