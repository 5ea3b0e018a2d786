import { expect, it } from "vitest";
import { sinkNames, withRows, withSections } from "../../build/docs/sinks.ts";

const index =
  'const sinkTypes = {\n  slack: () => import("./slack.ts"),\n  custom: () => import("./custom.ts"),\n};\n';
const page = "### `slack`\n\n<!-- fields: sink slack -->\ntable\n<!-- end -->\n\n## Filters\n";

it("takes each file of the folder for a sink type, besides what all sinks share", () => {
  expect(sinkNames(["index.ts", "sink.ts", "custom.ts", "slack.ts", "zulip.ts", "http"])).toEqual([
    "slack",
    "zulip",
  ]);
});

it("adds a row for a new sink before the custom one, and leaves the others", () => {
  expect(withRows(index, ["slack", "zulip"])).toBe(
    index.replace("  custom", '  zulip: () => import("./zulip.ts"),\n  custom'),
  );
  expect(withRows(index, ["slack"])).toBe(index);
});

it("adds a section for a new sink after the last one, and leaves the others", () => {
  expect(withSections(page, ["slack", "zulip"])).toBe(
    page.replace("-->\n\n## F", "-->\n\n### `zulip`\n\n<!-- fields: sink zulip -->\n<!-- end -->\n\n## F"),
  );
  expect(withSections(page, ["slack"])).toBe(page);
});
