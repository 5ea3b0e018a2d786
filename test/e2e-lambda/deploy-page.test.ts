import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../lib/config/load.ts";
import { runMetrics } from "../../lib/serverless/metrics.ts";

const text = (file: string) => readFile(new URL(`../../${file}`, import.meta.url), "utf8");
const page = await text("docs/deploy-aws.md");
const stack = await text("serverless.yml");
const block = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, code]) => code ?? "",
  );

describe("docs/deploy-aws.md", () => {
  it("has a configuration that loads, and whose secrets the function may read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bridge-deploy-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "bridge.config.yaml"), block("yml")[0] ?? "");
    const asked: string[] = [];
    const ssm = async (reference: string): Promise<string> => {
      asked.push(reference);
      return "https://hooks.example.com/dms";
    };
    const environment = { BRIDGE_TABLE: "checkpoints" };
    const { config } = await loadConfig(null, { environment, folder, secrets: { ssm } });
    expect(config.checkpoint).toEqual({ type: "dynamodb", table: "checkpoints" });
    const readable = [...stack.matchAll(/:parameter\/(\S+)$/gm)].map(([, name = ""]) =>
      `ssm:/${name}`.replace(/\$\{self:service\}/, "dms-task-bridge").replace(/\$\{sls:stage\}/, "prod"),
    );
    expect(asked.toSorted()).toEqual(readable.toSorted());
  });

  it("stores and deletes the parameters that the configuration names", () => {
    const names = (command: string) =>
      new Set(
        [...page.matchAll(new RegExp(`^aws ssm ${command} .*$`, "gm"))]
          .flatMap(([line]) => [...line.matchAll(/\/dms-task-bridge\/[\w/-]+/g)])
          .map(([name]) => name),
      );
    const named = new Set([...(block("yml")[0] ?? "").matchAll(/ssm:(\S+)/g)].map(([, name]) => name));
    expect(names("put-parameter")).toEqual(named);
    expect(names("delete-parameters")).toEqual(named);
  });

  it("names only commands and options that osls has", () => {
    const commands = block("sh")
      .join("")
      .matchAll(/^npx osls ((?:[a-z]+ )+)(.*)$/gm);
    const osls = createRequire(import.meta.url).resolve("osls/bin/serverless.js");
    const helps = new Map<string, string>();
    let options = 0;
    for (const [, command = "", rest = ""] of commands) {
      const args = [osls, ...command.trim().split(" "), "--help"];
      const help = helps.get(command) ?? spawnSync(process.execPath, args, { encoding: "utf8" }).stdout;
      helps.set(command, help);
      for (const [option] of rest.matchAll(/--[a-z]+/g)) {
        expect(help, command).toContain(option);
        options += 1;
      }
    }
    expect([...helps.keys()].map((command) => command.trim()).toSorted()).toEqual([
      "deploy",
      "deploy list",
      "logs",
      "remove",
      "rollback",
    ]);
    expect(options).toBeGreaterThan(7);
  });

  it("names every alarm and metric there is", () => {
    const alarms = [...stack.matchAll(/^ {4}(\w+Alarm):$/gm)].map(([, name = ""]) => name);
    expect(alarms).toHaveLength(6);
    const run = { runId: "r", startedAt: "", durationMs: 0, streams: [], sinks: {}, journal: null };
    for (const name of [...alarms, ...Object.keys(runMetrics(run, 0))]) expect(page).toContain(name);
  });

  it("adds its costs up", () => {
    const costs = [...page.matchAll(/\| +(?:< )?(\d+(?:\.\d+)?) \|$/gm)].map(([, cost]) => Number(cost));
    const sum = costs.reduce((total, cost) => total + cost, 0);
    expect(sum).toBeCloseTo(6.4, 1);
    expect(4_320 * 0.0000133334).toBeCloseTo(0.06, 2);
    expect(page).toContain("**6.40**");
  });
});
