import { describe, expect, it } from "vitest";
import { warmDelivering } from "../../lib/serverless/delivering.ts";
import { functionDeps } from "../../lib/serverless/environment.ts";
import { warmPlanning } from "../../lib/serverless/planning.ts";
import { folderWith, issuesOf, written } from "../config/sample.ts";

async function depsOf(config: object, environment: Readonly<Record<string, string>>) {
  const folder = await folderWith({ "bridge.config.json": JSON.stringify(written(config)) });
  return functionDeps(environment, folder, () => {});
}
const table = { checkpoint: { type: "dynamodb", table: "checkpoints" } };
const twoSinks = { sinks: { out: { type: "console" }, err: { type: "console" } } };

describe("a fleet's functions", () => {
  it("name the variable that a planner lacks", async () => {
    const issues = await issuesOf(warmPlanning(await depsOf(table, {})).current());
    expect(issues).toMatchObject([{ field: "BRIDGE_POLL_QUEUE", found: "nothing" }]);
  });

  it("refuse to plan over a store that other containers cannot see", async () => {
    const deps = await depsOf({}, { BRIDGE_POLL_QUEUE: "https://sqs.eu-west-1.amazonaws.com/1/polls" });
    const issues = await issuesOf(warmPlanning(deps).current());
    expect(issues).toEqual([
      { field: "checkpoint.type", found: "file", expected: "dynamodb, which a fleet needs" },
    ]);
  });

  it("refuse to deliver one queue to two sinks, and take the one that is named", async () => {
    const queues = {
      BRIDGE_QUEUE: "https://q.example.com/1/q",
      BRIDGE_DEAD_LETTER_QUEUE: "https://q.example.com/1/d",
    };
    const issues = await issuesOf(warmDelivering(await depsOf(twoSinks, queues)).current());
    expect(issues).toMatchObject([{ field: "BRIDGE_SINKS", found: "2 sinks" }]);
    const delivering = await warmDelivering(
      await depsOf(twoSinks, { ...queues, BRIDGE_SINKS: "err" }),
    ).current();
    await delivering.close();
  });

  it("refuse to deliver one living message a task, of which a queue keeps no record", async () => {
    const queues = {
      BRIDGE_QUEUE: "https://q.example.com/1/q",
      BRIDGE_DEAD_LETTER_QUEUE: "https://q.example.com/1/d",
    };
    const chat = { type: "discord", url: "https://discord.com/api/webhooks/1/token" };
    const issues = await issuesOf(warmDelivering(await depsOf({ sinks: { chat } }, queues)).current());
    expect(issues).toMatchObject([{ field: "sinks.chat.mode", found: "update" }]);
    const posting = await depsOf({ sinks: { chat: { ...chat, mode: "post" } } }, queues);
    await (await warmDelivering(posting).current()).close();
  });

  it.each(["BRIDGE_QUEUE", "BRIDGE_DEAD_LETTER_QUEUE"])(
    "name the variable %s that a delivery lacks",
    async (name) => {
      const queues = {
        BRIDGE_QUEUE: "https://q.example.com/1/q",
        BRIDGE_DEAD_LETTER_QUEUE: "https://q.example.com/1/d",
      };
      const issues = await issuesOf(warmDelivering(await depsOf({}, { ...queues, [name]: "" })).current());
      expect(issues).toMatchObject([{ field: name }]);
    },
  );

  it("have all sinks where none is named", async () => {
    expect(functionDeps({}, "/nowhere", () => {}).sinks).toBeUndefined();
    expect(functionDeps({ BRIDGE_SINKS: "a, b" }, "/nowhere", () => {}).sinks).toEqual(["a", "b"]);
  });
});
