import { describe, expect, it } from "vitest";
import { entriesOf } from "../../lib/config/check/shape.ts";
import { configJsonSchema } from "../../lib/config/json-schema.ts";
import { sinkTypes } from "../../lib/sinks/index.ts";
import { openEditor } from "./editor.ts";

const editor = openEditor(JSON.parse(JSON.stringify(await configJsonSchema(sinkTypes))));
const written = (sink: string): string => `sources:
  - { engine: kafka, region: cn-north-4, projectId: p, instances: all }
sinks:
  one:
${sink}`;

describe("an editor of YAML", () => {
  it("completes every type of sink", async () => {
    const offered = await editor.complete(written("    type: |"));
    expect(offered.toSorted()).toEqual(Object.keys(sinkTypes).toSorted());
  });

  it.each(Object.entries(sinkTypes))("completes each option of a %s sink", async (type, load) => {
    const offered = await editor.complete(written(`    type: ${type}\n    |`));
    const options = Object.keys(entriesOf((await load()).schema) ?? {}).filter((option) => option !== "type");
    expect(offered).toEqual(expect.arrayContaining([...options, "filter", "retry", "rate"]));
  });

  it("offers no option of a quite different sink", async () => {
    expect(await editor.complete(written("    type: file\n    |"))).not.toContain("url");
  });

  it("completes the operators of a filter", async () => {
    const offered = await editor.complete(
      written("    type: file\n    path: x\n    filter:\n      type:\n        - |"),
    );
    expect(offered).toEqual(expect.arrayContaining(["prefix", "anything-but", "exists"]));
  });

  it.each<[string, string, number, RegExp]>([
    ["a wrong type of sink", "    type: telegraph\n    url: https://a.example\n", 4, /"webhook", "slack"/],
    ["a type in capitals", "    type: Slack\n    url: https://a.example\n", 4, /"webhook", "slack"/],
    ["no type at all", "    url: https://a.example\n", 3, /"type"/],
    ["an unknown option", "    type: webhook\n    url: https://a.example\n    urk: x\n", 6, /urk/],
    ["a missing option", "    type: webhook\n", 3, /"url"/],
    ["a wrong duration", "    type: webhook\n    url: https://a.example\n    timeout: soon\n", 6, /./],
  ])("shows one message, where the mistake is, for %s", async (_case, sink, line, message) => {
    expect(await editor.problems(written(sink))).toEqual([[line, expect.stringMatching(message)]]);
  });

  it("has nothing to say about a correct file", async () => {
    const sink =
      "    type: webhook\n    url: $" + "{HOOK}\n    timeout: 3s\n    filter: { type: [{ prefix: com. }] }\n";
    expect(await editor.problems(written(sink))).toEqual([]);
  });
});
