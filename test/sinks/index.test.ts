import { describe, expect, it } from "vitest";
import { loadSinkModule, sinkTypes } from "../../lib/sinks/index.ts";

describe("the table of sinks", () => {
  it.each(Object.keys(sinkTypes))("has a schema and a create for %s", async (type) => {
    const module = await loadSinkModule(type, "sinks.x.type");
    expect(module.schema.kind).toBe("schema");
    expect(module.create).toBeTypeOf("function");
  });

  it.each(["telegraph", "toString", "__proto__", ""])(
    "knows no type %j and lists those there are",
    async (type) => {
      await expect(loadSinkModule(type, "sinks.x.type")).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        issues: [{ field: "sinks.x.type", expected: Object.keys(sinkTypes).join(", ") }],
      });
    },
  );
});
