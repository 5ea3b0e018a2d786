import { existsSync } from "node:fs";
import { join } from "node:path";
import stringWidth from "string-width";
import { describe, expect, it, vi } from "vitest";
import { key } from "../../harness/api.ts";
import { bridgeFolder, secrets } from "../../harness/bridge.ts";
import { run } from "../../harness/cli.ts";
import { healthy } from "../../status/sample.ts";

// Each command is a process.
vi.setConfig({ testTimeout: 90_000 });

const widest = (text: string): number => Math.max(...text.split(/\r?\n/).map((line) => stringWidth(line)));

describe("status", () => {
  it("shows a healthy sink, and makes no store", async () => {
    const harness = await bridgeFolder();
    const before = await harness.run("status", "--json");
    expect(before).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(before.out)).toMatchObject({ streams: [], sinks: { ops: healthy } });
    expect(existsSync(join(harness.folder, ".bridge"))).toBe(false);
  });

  it("says in another process why a sink fails, in the platform's words, and what to do", async () => {
    const harness = await bridgeFolder({
      respond: () => ({ status: 403, body: "token of the channel expired" }),
    });
    harness.task("bindInstancePublicIp");
    await harness.run("poll");
    const asked = harness.simulator.requests.length;
    const sent = harness.receiver.deliveries.length;
    const { out } = await harness.run("status", "--json");
    expect(JSON.parse(out)).toMatchObject({
      streams: [{ key, name: "orders", pending: 1, error: null }],
      sinks: {
        ops: {
          state: "blocked",
          reason: "unauthorized",
          httpStatus: 403,
          message: expect.stringContaining("token of the channel expired"),
          pending: 1,
          action: expect.stringContaining("dms-task-bridge sink test ops"),
        },
      },
    });
    expect(out).not.toContain(secrets.path);
    const shown = await harness.run("status");
    expect(shown.out).toMatch(/^ops +blocked +\S.* +1 +\S.* +next run$/m);
    expect(shown.out).toMatch(/^ {2}said: HTTP 403 from /m);
    expect(shown.out).toMatch(/^ {2}do: {3}renew /m);
    expect([harness.simulator.requests.length, harness.receiver.deliveries.length]).toEqual([asked, sent]);
  });

  it("says since when and why a stream cannot be read while it is configured, and needs no key of Huawei Cloud", async () => {
    const harness = await bridgeFolder();
    await harness.run("poll");
    harness.simulator.faults.on("html", { operation: "ListBackgroundTasks" });
    await harness.run("poll");
    const { code, out } = await run(["status", "--json"], { cwd: harness.folder });
    expect(code).toBe(0);
    expect(JSON.parse(out).streams).toMatchObject([
      { key, name: "orders", error: { code: "malformed", since: expect.stringMatching(/Z$/) } },
    ]);
    const shown = await harness.run("status");
    expect(shown.out).toMatch(/^orders \(111111\) +malformed/m);
    expect(shown.out).toContain("0 other streams can be read");
    const config = JSON.parse(await harness.read("bridge.config.json"));
    config.sources[0].instances = ["another"];
    await harness.write("bridge.config.json", JSON.stringify(config));
    const left = await run(["status", "--json", "--fail-on", "unreadable"], { cwd: harness.folder });
    expect([left.code, JSON.parse(left.out).streams]).toMatchObject([0, [{ key, error: null }]]);
  });

  it.each([60, 80, 120])("fits a terminal of %i columns", async (columns) => {
    const harness = await bridgeFolder({ respond: () => ({ status: 503, body: "busy ".repeat(50) }) });
    harness.task("bindInstancePublicIp");
    await harness.run("poll");
    for (const args of [["status"], ["poll"]]) {
      const { out } = await harness.onTerminal(columns, ...args);
      expect(out).toContain("ops");
      const tables = out.split(/\r?\n/).filter((line) => !/Why:|will be tried/.test(line));
      expect(widest(tables.join("\n"))).toBeLessThanOrEqual(columns);
    }
    const wide = await harness.onTerminal(columns, "status", "-o", "wide");
    expect(wide.out).toContain(key);
  });

  it("ends with 1 where a condition of --fail-on holds, and says which", async () => {
    const harness = await bridgeFolder({ respond: () => ({ status: 401 }) });
    harness.task("bindInstancePublicIp");
    expect(await harness.run("poll", "--fail-on", "blocked")).toMatchObject({
      code: 1,
      err: expect.stringContaining("ops is blocked"),
    });
    expect((await harness.run("status")).code).toBe(0);
    expect((await harness.run("status", "--fail-on", "pending:15m,unreadable")).code).toBe(0);
    expect((await harness.run("status", "--fail-on", "failing")).code).toBe(1);
    expect(await harness.run("status", "--fail-on", "pending")).toMatchObject({
      code: 2,
      err: expect.stringContaining("pending:15m"),
    });
  });
});
