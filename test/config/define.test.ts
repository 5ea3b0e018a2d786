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

  it("has no unknown key in its type, at the top or in a section, source or sink", () => {
    const kafka = { ...source, engine: "kafka" } as const;
    const sinks = { out: { type: "console" } } as const;
    defineConfig({ sources: [kafka], sinks, "x-mine": 1 });
    // @ts-expect-error
    defineConfig({ sources: [kafka], sinks, dlivery: {} });
    // @ts-expect-error
    defineConfig({ sources: [kafka], sinks, delivery: { maxAttemts: 1 } });
    // @ts-expect-error
    defineConfig({ sources: [{ ...kafka, foo: 1 }], sinks });
    // @ts-expect-error
    defineConfig({ sources: [kafka], sinks: { out: { type: "console", foo: 1 } } });
  });

  it("knows the options of each sink type", () => {
    expectTypeOf<{ type: "webhook"; url: string; mode: "batch" }>().toExtend<SinkInput>();
    expectTypeOf<{ type: "webhook"; url: string; mode: "bundle" }>().not.toExtend<SinkInput>();
    expectTypeOf<{ type: "file" }>().not.toExtend<SinkInput>();
    expectTypeOf<{ type: "telegraph" }>().not.toExtend<SinkInput>();
    expectTypeOf<{ sources: []; sinks: { x: { type: "console" } } }>().toExtend<ConfigDefinition>();
  });
});
