import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { bridgeFolder } from "../../harness/bridge.ts";

// Each command is a process.
vi.setConfig({ testTimeout: 90_000 });

const webhook = (url: string) => ({
  type: "webhook",
  url,
  allowPrivateNetwork: true,
  filter: { type: [{ suffix: ".failed" }] },
});

describe("poll --dry-run", () => {
  it("shows where each change would go and which filter keeps it back; stores and sends nothing", async () => {
    const harness = await bridgeFolder();
    await harness.addSink("pager", webhook(harness.receiver.url));
    harness.task("bindInstancePublicIp");
    const { code, out, err } = await harness.run("poll", "--dry-run");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^orders +bindInstancePublicIp +\w{6} {2}EXECUTING/m);
    expect(out).toMatch(/^ {2}-> ops$/m);
    expect(out).toMatch(/^ {2}x {2}pager: its filter wants type \[\{"suffix":"\.failed"\}\], found /m);
    expect(out).toContain("Dry run: 1 event would be recorded and sent.");
    expect(existsSync(join(harness.folder, ".bridge"))).toBe(false);
    expect(harness.receiver.deliveries).toEqual([]);
  });

  it("leaves a store as it is, and the next poll sends what it showed", async () => {
    const harness = await bridgeFolder();
    await harness.run("poll");
    const before = (await harness.run("checkpoint", "show", "--json")).out;
    harness.task("bindInstancePublicIp");
    const shown = JSON.parse((await harness.run("poll", "--dry-run", "--json")).out);
    expect(shown).toMatchObject({ dryRun: true, events: [{ sinks: { ops: { takes: true } } }] });
    expect((await harness.run("checkpoint", "show", "--json")).out).toBe(before);
    expect(harness.receiver.deliveries).toEqual([]);
    await harness.run("poll");
    const [sent] = harness.receiver.deliveries.flatMap(({ events }) => events);
    const { observedAt: _, ...change } = sent?.data.change ?? { observedAt: "" };
    expect(shown.events[0].event).toMatchObject({ id: sent?.id, data: { change } });
  });

  it("says what waits since earlier runs", async () => {
    const harness = await bridgeFolder({ respond: () => ({ status: 503 }) });
    harness.task("bindInstancePublicIp");
    await harness.run("poll");
    const { out } = await harness.run("poll", "--dry-run");
    expect(out).toContain("0 events would be recorded and sent. 1 delivery of earlier events would be tried");
  });

  it("judges no sink, so it takes no --fail-on", async () => {
    const harness = await bridgeFolder();
    expect((await harness.run("poll", "--dry-run", "--fail-on", "blocked")).code).toBe(2);
  });
});

describe("a hint of poll", () => {
  it("works as printed, wherever its configuration and variables are", async () => {
    const harness = await bridgeFolder({
      respond: () => ({ status: 422 }),
      source: { region: `\${REGION}` },
    });
    await rename(join(harness.folder, "bridge.config.json"), join(harness.folder, "other.json"));
    await harness.write("its.env", "REGION=cn-north-4\n");
    harness.task("bindInstancePublicIp");
    const { code, out } = await harness.run("poll", "--config", "other.json", "--env-file", "its.env");
    const [, hint = ""] = /List them: dms-task-bridge (.*)/.exec(out) ?? [];
    expect([code, hint]).toEqual([1, "--config other.json --env-file its.env dead-letters list --sink ops"]);
    const listed = await harness.run(...hint.split(" "));
    expect([listed.code, listed.out]).toEqual([0, expect.stringContaining("bindInstancePublicIp")]);
  });
});

describe("poll -v", () => {
  it("prints its changes, and with --json has their events", async () => {
    const harness = await bridgeFolder();
    harness.task("bindInstancePublicIp");
    const { out } = await harness.run("poll", "-v");
    expect(out).toMatch(/^\d\d:\d\d:\d\dZ {2}orders +bindInstancePublicIp +\w{6} {2}EXECUTING/m);
    harness.task("restartInstance");
    const { events } = JSON.parse((await harness.run("poll", "-v", "--json")).out);
    expect(events).toMatchObject([{ data: { task: { name: "restartInstance" } } }]);
  });
});

describe("a console sink", () => {
  it("prints to stderr with --json, so that stdout is one value", async () => {
    const harness = await bridgeFolder({ sinks: { shown: { type: "console" } } });
    const commands = [["poll"], ["replay", "--since", "1h", "--yes"], ["sink", "test", "shown"]];
    harness.task("bindInstancePublicIp");
    for (const command of commands) {
      const { out, err } = await harness.run(...command, "--json");
      expect(() => JSON.parse(out)).not.toThrow();
      expect(err).toContain("bindInstancePublicIp  EXECUTING");
    }
    harness.task("restartInstance");
    const { out, err } = await harness.run("poll");
    expect([out, err]).toEqual([expect.stringContaining("  restartInstance  EXECUTING  "), ""]);
  });
});
