import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { loadConfig, loadSinks } from "../../lib/config/load.ts";
import { folderWith } from "../config/sample.ts";

const text = (file: string) => readFile(new URL(`../../${file}`, import.meta.url), "utf8");
const page = await text("docs/fleet.md");
const stack = await text("serverless.fleet.yml");
const [config = ""] = [...page.matchAll(/^```yml\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? "");

/** The secrets that a role may read, as a configuration refers to them. */
function readable(role: string): readonly string[] {
  const text = stack.slice(stack.indexOf(`    ${role}:`));
  const [own = ""] = text.split(/\n {4}(?=\w)/);
  // The poll role repeats the planner's statement.
  const body = own.includes("*huaweiKey")
    ? stack.slice(stack.indexOf("&huaweiKey")).split(/\n {4}(?=\w)/)[0]
    : own;
  return [...(body ?? "").matchAll(/:parameter\/(\S+)$/gm)].map(([, name = ""]) =>
    `ssm:/${name}`.replace(/\$\{self:service\}/, "dms-task-bridge-fleet").replace(/\$\{sls:stage\}/, "prod"),
  );
}

describe("docs/fleet.md", () => {
  it.each([
    ["PlanRole", "bus", loadConfig],
    ["PollRole", "bus", loadConfig],
    ["DeliverOpsRole", "ops", loadSinks],
  ] as const)(
    "has a configuration that loads with the secrets that %s may read",
    async (role, sink, load) => {
      const folder = await folderWith({ "bridge.config.yaml": config });
      const asked: string[] = [];
      const ssm = async (reference: string): Promise<string> => {
        asked.push(reference);
        return "https://hooks.example.com/dms";
      };
      const environment = {
        BRIDGE_TABLE: "checkpoints",
        BRIDGE_TOPIC: "arn:aws:sns:eu-west-1:123456789012:tasks.fifo",
      };
      const loaded = await load(null, { environment, folder, secrets: { ssm }, sinks: [sink] });
      expect([...loaded.sinks.keys()]).toEqual([sink]);
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.toSorted()).toEqual(readable(role).toSorted());
    },
  );

  it("names only alarms and resources that the stack has", () => {
    for (const [, name = ""] of page.matchAll(/`(\w+(?:Alarm|Dead|Subscription))`/g)) {
      expect(stack).toContain(`    ${name}:`);
    }
  });
});
