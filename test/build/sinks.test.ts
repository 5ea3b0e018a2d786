import { describe, expect, it } from "vitest";
import { fill } from "../../build/docs/markers.ts";
import { comparison, sinkPage } from "../../build/docs/sink-pages.ts";
import { newPage, sinkNames, withRows } from "../../build/docs/sinks.ts";

const index =
  'const sinkTypes = {\n  slack: () => import("./slack.ts"),\n  custom: () => import("./custom.ts"),\n};\n';

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

it("begins a new sink's page with all that its author completes", () => {
  const { purpose, facts } = sinkPage("zulip", newPage("zulip").replaceAll(":**\n", ":** known\n"));
  expect(purpose).toBe("Sends each event to zulip.");
  expect([...facts.keys()]).toEqual(["Accepted when", "Order", "Duplicates", "Needs", "Limits"]);
  expect(newPage("zulip")).toContain("<!-- fields: sink zulip -->");
});

describe("a table that compares sinks", () => {
  const pages = [
    sinkPage("slack", "# Slack\n\nPosts to Slack.\n\n- **Order:** kept\n- **Limits:** one a second\n"),
    sinkPage("zulip", "# Zulip\n\nPosts to Zulip.\n\n- **Order:** none\n"),
  ];

  it("takes each cell from the sink's own page", () => {
    expect(comparison(pages, "zulip, slack | What it does, Order", "sinks/").split("\n").slice(2)).toEqual([
      "| [`zulip`](sinks/zulip.md) | Posts to Zulip. | none  |",
      "| [`slack`](sinks/slack.md) | Posts to Slack. | kept  |",
    ]);
  });

  it("refuses a sink without a page and a fact without a line", () => {
    expect(() => comparison(pages, "matrix | Order", "")).toThrow(
      "no page of docs/sinks is of the type matrix",
    );
    expect(() => comparison(pages, "zulip | Limits", "")).toThrow(
      "docs/sinks/zulip.md has no line for Limits",
    );
  });
});

it("fills only the parts of the kinds that it is given", () => {
  const page = "<!-- fields: a -->\nold\n<!-- end -->\n<!-- figures: b -->\nkept\n<!-- end -->\n";
  expect(fill(page, { fields: (name) => `new ${name}` })).toBe(
    "<!-- fields: a -->\n\nnew a\n\n<!-- end -->\n<!-- figures: b -->\nkept\n<!-- end -->\n",
  );
});
