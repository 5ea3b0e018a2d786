import { describe, expect, it } from "vitest";
import { loadConfig, loadSinks } from "../../lib/config/load.ts";
import { folderWith, issuesOf, source } from "./sample.ts";

const config = {
  sources: [{ ...source, credentials: { ak: "ssm:/ak", sk: "ssm:/sk" } }],
  delivery: { maxAge: "1d" },
  sinks: {
    bus: { type: "sqs", queueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks" },
    ops: { type: "webhook", url: "ssm:/ops" },
    other: { type: "no-such-type", url: "ssm:/other" },
  },
};

async function setUp(sinks: readonly string[]) {
  const folder = await folderWith({ "bridge.config.json": JSON.stringify(config) });
  const asked: string[] = [];
  const ssm = async (reference: string) => {
    asked.push(reference);
    return "https://hooks.example.com/x";
  };
  return { asked, deps: { environment: {}, folder, secrets: { ssm }, sinks } };
}

describe("a configuration for one function", () => {
  it("asks for no secret of a sink that is not its own, and does not mind what it is", async () => {
    const { asked, deps } = await setUp(["bus"]);
    const loaded = await loadConfig(null, deps);
    expect([...loaded.sinks.keys()]).toEqual(["bus"]);
    expect(asked).toEqual(["ssm:/ak", "ssm:/sk"]);
  });

  it("asks for its sink's secret alone where it only delivers", async () => {
    const { asked, deps } = await setUp(["ops"]);
    const loaded = await loadSinks(null, deps);
    expect([...loaded.sinks.keys()]).toEqual(["ops"]);
    expect(loaded.config.delivery.maxAge).toBe(86_400_000);
    expect(asked).toEqual(["ssm:/ops"]);
  });

  it("names a sink that is not there", async () => {
    const { deps } = await setUp(["bus", "pager"]);
    const missing = [{ field: "sinks.pager", found: "nothing", expected: "the sink of this function" }];
    expect(await issuesOf(loadConfig(null, deps))).toEqual(missing);
    expect(await issuesOf(loadSinks(null, deps))).toEqual(missing);
  });

  it("tells of an unknown option of its sink", async () => {
    const wrong = {
      ...config,
      sinks: { ops: { type: "webhook", url: "https://h.example.com/", colour: "red" } },
    };
    const folder = await folderWith({ "bridge.config.json": JSON.stringify(wrong) });
    const issues = await issuesOf(loadSinks(null, { environment: {}, folder, sinks: ["ops"] }));
    expect(issues.map(({ field }) => field)).toEqual(["sinks.ops.colour"]);
  });
});
