import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { bridgeFolder, secrets } from "../../harness/bridge.ts";

// Each command is a process.
vi.setConfig({ testTimeout: 90_000 });

describe("doctor", () => {
  it("finds all well, stores nothing and sends no event", async () => {
    const harness = await bridgeFolder();
    const { code, out } = await harness.run("doctor", "--json");
    expect(code).toBe(0);
    const { ok, checks } = JSON.parse(out);
    expect(ok).toBe(true);
    expect(
      checks.map(({ check, result }: { check: string; result: string }) => `${check} ${result}`),
    ).toEqual([
      "node ok",
      "configuration ok",
      "store ok",
      "records ok",
      "proxy ok",
      "sources ok",
      "clock ok",
      "zone ok",
      "paging ok",
      "sink ops ok",
    ]);
    expect(out).toContain("1 instance");
    expect((await readdir(harness.folder)).toSorted()).toEqual(["bridge.config.json"]);
    expect(harness.receiver.deliveries.flatMap(({ events }) => events)).toEqual([]);
  });

  it("goes on after a failure, names each with what to do, and ends with 1", async () => {
    const harness = await bridgeFolder();
    await harness.addSink("down", {
      type: "webhook",
      url: `http://127.0.0.1:9/${secrets.path}`,
      allowPrivateNetwork: true,
    });
    harness.simulator.faults.on("unauthorized");
    const { code, out } = await harness.run("doctor");
    expect(code).toBe(1);
    expect(out).toMatch(/^failed {3}sources: .*\n {9}do: /m);
    expect(out).toMatch(/^failed {3}sink down: http:\/\/127\.0\.0\.1:9: .*\n {9}do: /m);
    expect(out).toMatch(/^ok {7}sink ops: /m);
    expect(out).not.toContain(secrets.path);
  });

  it("checks all else where the store cannot be opened", async () => {
    const url = "postgres://bridge:x@127.0.0.1:9/postgres?sslmode=disable";
    const harness = await bridgeFolder({ sections: { checkpoint: { type: "postgres", url } } });
    const { code, out } = await harness.run("doctor", "--json");
    expect(code).toBe(1);
    const { checks } = JSON.parse(out) as { checks: { check: string; result: string; found: string }[] };
    expect(checks.map(({ check, result }) => `${check} ${result}`)).toEqual([
      "node ok",
      "configuration ok",
      "store failed",
      "proxy ok",
      "sources ok",
      "clock ok",
      "zone ok",
      "paging ok",
      "sink ops ok",
    ]);
    expect(checks[1]?.found).toContain("records: postgres");
    expect(checks[2]?.found).toMatch(/^postgres 127\.0\.0\.1:9\/postgres: .*ECONNREFUSED/);
  });

  it("names a configuration that cannot be read, after the checks before it", async () => {
    const harness = await bridgeFolder();
    await harness.write("bridge.config.json", "{}");
    const { code, out } = await harness.run("doctor");
    expect(code).toBe(2);
    expect(out).toMatch(/^ok {7}node: /m);
    expect(out).toMatch(/^failed {3}configuration: .*sources/m);
    expect(out.match(/^failed {3}configuration: /gm)?.length).toBe(2);
    expect(out).not.toContain("\\x0a");
  });
});

describe("the runbook", () => {
  it("names only commands that run", async () => {
    const page = await readFile(new URL("../../../docs/operating.md", import.meta.url), "utf8");
    const section = page.split("## What is wrong")[1]?.split("\n## ")[0] ?? "";
    const commands = [...section.matchAll(/^\|[^|]+\| `([^`]+)`/gm)].map(([, command = ""]) => command);
    expect(commands.length).toBeGreaterThan(3);
    const harness = await bridgeFolder();
    for (const command of new Set(commands)) {
      const { code, err } = await harness.run(...command.split(" "));
      expect({ command, code, err }).toEqual({ command, code: 0, err: "" });
    }
  });
});
