import { describe, expect, it } from "vitest";
import { issuesOf, load, variable } from "../sample.ts";

const hook = (options: object) => ({
  sinks: { ops: { type: "webhook", url: "https://hooks.example.com/x", ...options } },
});

describe("a template in a configuration", () => {
  it("is refused with its field, its line and what was expected", async () => {
    expect(await issuesOf(load(hook({ body: '{\n"name": {{ task.nme | json }}\n}' })))).toEqual([
      {
        field: "sinks.ops.body",
        found: "line 2: undefined variable: task.nme, for an event to CREATED",
        expected: expect.stringContaining("JSON of every event"),
      },
    ]);
  });

  it("is not quoted where a variable brought part of it", async () => {
    const environment = { PART: "{{ hidden | json }}" };
    expect(await issuesOf(load(hook({ body: variable("PART") }), { environment }))).toEqual([
      {
        field: "sinks.ops.body",
        found: "another text",
        expected: expect.stringContaining("only the variables"),
      },
    ]);
  });

  it("need make no JSON of another type", async () => {
    const { sinks } = await load(hook({ body: "{{ task.name }}", contentType: "text/plain" }));
    expect(sinks.size).toBe(1);
    const json = hook({ body: "{{ task.name }}", contentType: "application/vnd.x+json; charset=utf-8" });
    expect(await issuesOf(load(json))).toHaveLength(1);
  });

  it.each<readonly [options: object, field: string]>([
    [{ body: "{}", mode: "binary" }, "sinks.ops.mode"],
    [{ body: "{}", mode: "batch" }, "sinks.ops.mode"],
    [{ body: "" }, "sinks.ops.body"],
    [{ body: "x".repeat(16_385) }, "sinks.ops.body"],
    [{ body: "{}", contentType: "json" }, "sinks.ops.contentType"],
    [{ body: "{}", contentType: "text/plain\r\nx: y" }, "sinks.ops.contentType"],
  ])("%o is refused", async (options, field) => {
    expect((await issuesOf(load(hook(options)))).map((issue) => issue.field)).toEqual([field]);
  });
});
