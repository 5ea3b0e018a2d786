import { describe, expect, it, onTestFinished } from "vitest";
import { startProxy } from "../services/proxy.ts";
import { running, sampleDeps, sampleEvents } from "../sinks/sample.ts";
import type { Setup } from "./sink.ts";

/** What every sink over HTTP must do where the environment has a proxy. */
export function proxyContract(name: string, { working, secrets }: Setup): void {
  /** The working sink behind a proxy, with two events for it. */
  const behind = async (HTTP_PROXY: string, others: Readonly<Record<string, string>> = {}) => {
    const environment = { HTTP_PROXY, HTTPS_PROXY: HTTP_PROXY, ...others };
    const trial = await working({ ...sampleDeps, environment });
    onTestFinished(() => trial.sink.close());
    const events = sampleEvents(Math.min(2, trial.sink.batch.maxEvents));
    return { ...trial, events, deliver: () => trial.sink.deliver(events, running()) };
  };

  describe(`the sink ${name} behind a proxy`, () => {
    it("delivers through it, by CONNECT alone", async () => {
      const proxy = await startProxy({ login: "robot:secret-login" });
      const { deliver, events, arrived } = await behind(proxy.url);
      expect(await deliver()).toMatchObject(events.map(() => ({ kind: "accepted" })));
      expect(await arrived()).toEqual(events.map(({ id }) => id));
      expect(proxy.asked).not.toEqual([]);
      expect(proxy.requests).toEqual([]);
    });

    it("passes it by where NO_PROXY names the host", async () => {
      const proxy = await startProxy();
      const { deliver, events } = await behind(proxy.url, { NO_PROXY: "127.0.0.1,localhost" });
      expect(await deliver()).toMatchObject(events.map(() => ({ kind: "accepted" })));
      expect(proxy.asked).toEqual([]);
    });

    it("is blocked, and names it without its password, where it refuses that", async () => {
      const proxy = await startProxy({ login: "robot:right" });
      const { deliver, events, arrived } = await behind(proxy.url.replace("right", "secret-login"));
      const results = await deliver();
      expect(results).toHaveLength(events.length);
      for (const result of results) {
        expect(result).toMatchObject({ kind: "blocked", reason: "unauthorized" });
        const detail = "detail" in result ? result.detail : "";
        expect(detail).toContain(`the proxy ${proxy.origin} refuses its user and password (PROXY_HTTP_407)`);
        for (const secret of [...secrets, "secret-login", "robot"]) expect(detail).not.toContain(secret);
      }
      expect(await arrived()).toEqual([]);
    });

    it("waits for it where it cannot reach the host now", async () => {
      const proxy = await startProxy({ conduct: 503 });
      const { deliver, events } = await behind(proxy.url);
      const waiting = { kind: "retry", detail: expect.stringContaining(proxy.origin) };
      expect(await deliver()).toMatchObject(events.map(() => waiting));
    });
  });
}
