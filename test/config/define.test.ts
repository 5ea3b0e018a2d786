import { describe, expect, expectTypeOf, it } from "vitest";
import { type ConfigDefinition, defineConfig, type SinkInput } from "../../lib/config/define.ts";
import { load, source } from "./sample.ts";

describe("defineConfig", () => {
  it("gives back what it is given, which the loader takes", async () => {
    const config = defineConfig({
      sources: [{ ...source, engine: "kafka" }],
      sinks: {
        ops: { type: "webhook", url: "https://a.example/x", rate: { events: 1, per: "1s" } },
        mine: { type: "custom", module: { deliver: async () => [{ kind: "accepted" }] } },
      },
    });
    const { sinks } = await load(config);
    expect([...sinks.keys()]).toEqual(["ops", "mine"]);
  });

  it("knows the options of each sink type", () => {
    expectTypeOf<{ type: "webhook"; url: string; mode: "batch" }>().toExtend<SinkInput>();
    expectTypeOf<{ type: "webhook"; url: string; mode: "bundle" }>().not.toExtend<SinkInput>();
    expectTypeOf<{ type: "file" }>().not.toExtend<SinkInput>();
    expectTypeOf<{ type: "telegraph" }>().not.toExtend<SinkInput>();
    expectTypeOf<{ sources: []; sinks: { x: { type: "console" } } }>().toExtend<ConfigDefinition>();
  });
});
