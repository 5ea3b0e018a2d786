import { describe, expect, it } from "vitest";
import { isInterruption, report, usageError } from "../../lib/cli/errors.ts";
import { ConfigError, SourceError, StoreError } from "../../lib/core/errors.ts";
import { fakeScreen } from "../harness/screen.ts";

function reported(error: unknown, debug = false) {
  const { screen, err, out } = fakeScreen();
  const code = report(error, screen.err, debug);
  return { code, err: err(), out: out() };
}

describe("report", () => {
  it("names a wrong argument, what was expected and what stands there", () => {
    expect(reported(usageError("--interval", "a duration", "soon"))).toEqual({
      code: 2,
      err: 'error: --interval: expected a duration, found "soon"\n',
      out: "",
    });
  });

  it("lists every issue of a configuration", () => {
    const { code, err } = reported(
      new ConfigError([
        { field: "sources", expected: "at least one source", found: "[]" },
        { field: "sinks.ops.url", expected: "an https URL", found: '"ftp"' },
      ]),
    );
    expect(code).toBe(2);
    expect(err).toContain("2 things must change first");
    expect(err).toContain("  sources: expected at least one source, found []\n");
    expect(err).toContain('  sinks.ops.url: expected an https URL, found "ftp"\n');
  });

  it.each([
    new SourceError("unauthorized", "the API refused the credentials"),
    new StoreError("unavailable", "the store is locked"),
  ])("gives an outage one line with its code and reason", (error) => {
    expect(reported(error)).toEqual({
      code: 1,
      err: `error: ${error.message} (${error.code}, ${error.reason})\n`,
      out: "",
    });
  });

  it("keeps a defect's stack for --debug, its cause's too", () => {
    const defect = new TypeError("x is undefined", { cause: new Error("the first cause") });
    expect(reported(defect).err).not.toContain("errors.test.ts");
    expect(reported(defect).err).toContain("unexpected error: TypeError: x is undefined\n");
    expect(reported(defect).err).toContain("--debug");
    expect(reported(defect, true).err).toMatch(/errors\.test\.ts[\s\S]*the first cause/);
    expect(reported(defect).code).toBe(1);
  });

  it("shows an escape sequence in a message instead of sending it", () => {
    expect(reported(new SourceError("rejected", "said \x1b[31mno")).err).not.toContain("\x1b");
  });
});

describe("isInterruption", () => {
  const stopped = AbortSignal.abort();
  const running = new AbortController().signal;

  it("is an abort or an outage after a stop was asked for", () => {
    expect(isInterruption(stopped.reason, stopped)).toBe(true);
    expect(isInterruption(new SourceError("unavailable", "cut short"), stopped)).toBe(true);
  });

  it("is never a defect, and nothing before a stop", () => {
    expect(isInterruption(new TypeError("x"), stopped)).toBe(false);
    expect(isInterruption(stopped.reason, running)).toBe(false);
  });
});
