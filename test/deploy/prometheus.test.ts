import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../lib/core/clock.ts";
import { streamKey } from "../../lib/core/names.ts";
import { openTelemetry } from "../../lib/opentelemetry/open.ts";
import { silentLog } from "../../lib/telemetry/log.ts";

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const alerts = pathOf("../../deploy/prometheus/alerts.yaml");
const dashboard = JSON.parse(readFileSync(pathOf("../../deploy/grafana/dashboard.json"), "utf8"));

const promtool = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
  return { status, said: stdout + stderr };
};

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

const panels: readonly Panel[] = dashboard.panels;
const queries = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

/** All metrics that a bridge can have. */
async function metricNames(): Promise<ReadonlySet<string>> {
  const { observer, prometheusText, close } = openTelemetry({
    environment: {},
    clock: systemClock,
    log: silentLog,
  });
  onTestFinished(close);
  const stream = streamKey({ engine: "rabbitmq", region: "r", projectId: "p", instanceId: "i" });
  const quiet = { name: null, pending: 0, oldestPendingAt: null };
  const read = { ...quiet, tasks: 1, unreadable: 0, changes: 1, beginTime: null };
  const error = { code: "throttled", message: "", httpStatus: 429, since: null, action: "" };
  observer.requested?.({
    operation: "ListBackgroundTasks",
    stream,
    startedMs: 0,
    endedMs: 1,
    status: 200,
    failure: null,
  });
  const counts = { accepted: 1, filtered: 0, deadLettered: 0, expired: 0, retrying: 0, pending: 0 };
  const healthy = { state: "healthy", since: null, reason: null, httpStatus: null, message: null } as const;
  observer.ran?.({
    runId: "1",
    startedAt: new Date(0).toISOString(),
    durationMs: 1,
    journal: null,
    streams: [
      { key: stream, ...read, error: null },
      { key: `${stream}2`, ...read, error },
    ],
    sinks: { ops: { ...counts, ...healthy, oldestPendingAt: null, nextAttemptAt: null, action: null } },
  });
  const text = await prometheusText();
  return new Set(Array.from(text.matchAll(/^(dms_task_bridge_\w+)/gm), ([, name = ""]) => name));
}

const namesIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(/dms_task_bridge_\w+/g), ([name]) => name);

describe("deploy/prometheus", () => {
  it("has rules that promtool takes", () => {
    expect(promtool("check", "rules", alerts)).toMatchObject({ status: 0 });
  });

  it("fires each alert for its trouble, and none for a healthy bridge", () => {
    const { status, said } = promtool("test", "rules", pathOf("alerts.yaml"));
    expect(status, said).toBe(0);
  });

  it("names only metrics that there are", async () => {
    expect([...(await metricNames())]).toEqual(
      expect.arrayContaining([...new Set(namesIn(readFileSync(alerts, "utf8")))]),
    );
  });
});

describe("deploy/grafana", () => {
  it("has panels whose queries promtool takes", () => {
    const folder = mkdtempSync(join(tmpdir(), "bridge-dashboard-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const rules = queries.map(({ title, expr }, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll("$__rate_interval", "5m"),
      labels: { title },
    }));
    const file = join(folder, "rules.yaml");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
    const { status, said } = promtool("check", "rules", file);
    expect(status, said).toBe(0);
  });

  it("names only metrics that there are, and shows every one of them", async () => {
    const there = await metricNames();
    const shown = new Set(queries.flatMap(({ expr }) => namesIn(expr)));
    const withoutParts = [...there].filter((name) => !/_(sum|count)$/.test(name));
    expect([...shown].toSorted()).toEqual(withoutParts.toSorted());
  });

  it("lets its user choose the data source", () => {
    expect(dashboard.templating.list).toMatchObject([{ name: "datasource", type: "datasource" }]);
    expect(JSON.stringify(dashboard.panels)).not.toMatch(/"uid":"(?!\$\{datasource\})/);
  });
});
