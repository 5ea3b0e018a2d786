import { describe, expect, it, onTestFinished } from "vitest";
import { openDmsSource } from "../../lib/source/dms.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { startProxy } from "../services/proxy.ts";
import { failure, loopback, open, readAll, record, sleepingClock, sourceConfig, tasks } from "./loopback.ts";

/** A source of an environment. */
function openWith(endpoint: string, environment: Readonly<Record<string, string>>) {
  const { clock } = sleepingClock();
  const source = openDmsSource(sourceConfig(endpoint), {
    clock,
    random: () => 0.5,
    log: silentLog,
    environment,
  });
  onTestFinished(() => source.close());
  return source;
}

describe("a source behind a proxy", () => {
  it("reads through the environment's, or one of its own", async () => {
    const server = await loopback(tasks(record("a")));
    const [common, own] = [await startProxy({ login: "robot:secret-login" }), await startProxy()];
    expect((await readAll(openWith(server.origin, { HTTP_PROXY: common.url }))).ids).toEqual(["a"]);
    expect((await readAll(open(server.origin, { proxy: own.url }).source)).ids).toEqual(["a"]);
    expect([common.asked, own.asked].flat()).toEqual(Array(2).fill(new URL(server.origin).host));
  });

  it("fails at once where that asks for another password, and names it without one", async () => {
    const server = await loopback(tasks());
    const proxy = await startProxy({ login: "robot:right" });
    const { source, sleeps } = open(server.origin, { proxy: proxy.url.replace("right", "secret-login") });
    const { reason, message } = await failure(readAll(source));
    expect(reason).toBe("rejected");
    expect(message).toBe(
      `ListBackgroundTasks: the proxy ${proxy.origin} refuses its user and password (PROXY_HTTP_407)`,
    );
    expect(sleeps).toEqual([]);
  });

  it("is unavailable while that cannot reach the API", async () => {
    const server = await loopback(tasks());
    const proxy = await startProxy({ conduct: 502 });
    const { reason, message } = await failure(readAll(open(server.origin, { proxy: proxy.url }).source));
    expect(reason).toBe("unavailable");
    expect(message).toContain(`the proxy ${proxy.origin} cannot reach the host now (PROXY_HTTP_502)`);
  });
});
