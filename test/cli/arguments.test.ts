import { describe, expect, it } from "vitest";
import { selectStreams, theOneId } from "../../lib/cli/arguments.ts";
import { placeOf } from "../../lib/cli/commands/demo/demo.ts";
import { failOn } from "../../lib/cli/fail-on.ts";
import { program } from "../../lib/cli/program.ts";
import type { StreamKey } from "../../lib/core/names.ts";
import { fakeScreen } from "../harness/screen.ts";

const stream = (key: string, name: string | null) => ({ key: `kafka/r/p/${key}` as StreamKey, name });
const streams = [
  stream("aaaaaa11-0000", "orders"),
  stream("aaaaaa22-0000", "orders"),
  stream("bbbbbb33-0000", "payments"),
  stream("cccccc44-0000", null),
];

describe("a stream", () => {
  it.each([["kafka/r/p/bbbbbb33-0000"], ["bbbbbb33-0000"], ["bbbbbb"], ["payments"], ["payments (bbbbbb)"]])(
    "is named by %s",
    (text) => {
      expect(selectStreams("STREAM", text, streams)).toEqual(["kafka/r/p/bbbbbb33-0000"]);
    },
  );

  it.each(["orders", "aaaaaa"])("is not named by %s, which fits two: both are named", (text) => {
    expect(() => selectStreams("STREAM", text, streams)).toThrow(
      "STREAM: expected one stream, and this fits kafka/r/p/aaaaaa11-0000 and kafka/r/p/aaaaaa22-0000",
    );
  });

  it.each(["bbbbb", "cccccc4x", "paymnets"])("is not named by %s", (text) => {
    expect(() => selectStreams("STREAM", text, streams)).toThrow("first 6 characters or name");
  });

  it("is suggested where its name is close", () => {
    expect(() => selectStreams("STREAM", "paymnets", streams)).toThrow("did you mean payments?");
  });
});

it("of ids that fit a text, the whole one wins, and several are all named", () => {
  expect(theOneId("ID", "abcdef", ["abcdef", "abcdef12"])).toBe("abcdef");
  expect(theOneId("ID", "abcdef", [])).toBeNull();
  expect(() => theOneId("ID", "abcdef", ["abcdef12", "34abcdef"])).toThrow("this fits abcdef12 and 34abcdef");
});

it("a condition of --fail-on that is none has a suggestion", () => {
  expect(() => failOn("bloked")).toThrow("did you mean blocked?");
});

it("a choice of an option that is none has a suggestion", async () => {
  const { screen, err } = fakeScreen();
  const root = program({ version: "0", screen, start: async () => {} });
  await expect(root.parseAsync(["--log-level", "wran", "poll"], { from: "user" })).rejects.toThrow();
  expect(err()).toContain("Allowed choices are debug, info, warn, error. (did you mean warn?)");
});

describe("a place for the demo's events", () => {
  const context = { environment: {}, folder: "/" } as never;

  it("has its type and its secret, like that of send", async () => {
    const place = await placeOf(context, {
      to: "https://bots.example.com/x",
      type: "feishu",
      secret: "s3cret",
    });
    expect(place).toMatchObject({ name: "feishu", options: { type: "feishu", secret: "s3cret" } });
  });

  it("is needed where a secret is given", async () => {
    await expect(placeOf(context, { secret: "s3cret" })).rejects.toThrow("--to");
    expect(await placeOf(context, {})).toBeNull();
  });
});
