import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { run, runInShell } from "../harness/cli.ts";

const commands = [
  "init",
  "validate",
  "completion",
  "demo",
  "poll",
  "watch",
  "tasks",
  "checkpoint",
  "checkpoint show",
  "checkpoint reset",
  "dead-letters",
  "dead-letters list",
  "dead-letters redrive",
  "dead-letters purge",
  "send",
  "sink",
  "sink test",
  "explain",
  "simulate",
  "schema",
  "schema config",
  "schema event",
  "schema asyncapi",
];

describe("help", () => {
  it.each(commands)("of `%s` has examples and the global options", async (command) => {
    const { code, out, err } = await run([...command.split(" "), "--help"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`Usage: dms-task-bridge ${command}`);
    expect(out).toContain(`$ dms-task-bridge ${command}`);
    expect(out).toContain("--config <file>");
  });

  it("lists every command, on stdout and without colour in a pipe", async () => {
    const { code, out } = await run(["--help"]);
    expect(code).toBe(0);
    for (const command of commands) expect(out).toContain(`\n  ${command.split(" ")[0]}`);
    expect(out).not.toContain("\x1b");
  });

  it("is what `help` shows, too", async () => {
    expect((await run(["help", "poll"])).out).toBe((await run(["poll", "--help"])).out);
  });

  it("loads nothing that only commands need", async () => {
    const tellsWhatItLoads = `data:text/javascript,import { registerHooks } from "node:module";
      registerHooks({ load: (url, context, next) => { process.stderr.write(url + "\\n"); return next(url, context); } });`;
    const { code, err } = await run(["--help"], { nodeOptions: ["--import", tellsWhatItLoads] });
    const packages = new Set(
      [...err.matchAll(/node_modules\/(@[^/]+\/[^/]+|[^/]+)/g)].map(([, name]) => name),
    );
    expect(code).toBe(0);
    expect([...packages].toSorted()).toEqual([
      "ansi-regex",
      "commander",
      "fastest-levenshtein",
      "get-east-asian-width",
      "string-width",
      "strip-ansi",
    ]);
  });

  it("gives the package's version", async () => {
    expect(await run(["--version"])).toEqual({ code: 0, out: `${packageJson.version}\n`, err: "" });
  });
});

describe("a full disk behind stdout", () => {
  it.each(["--help", "schema config"])("is one line and exit code 1 of `%s`", async (command) => {
    const { code, err } = await runInShell(`${command} >/dev/full`);
    expect([code, err]).toEqual([1, "error: stdout could not be written (ENOSPC)\n"]);
  });
});

describe("a usage error", () => {
  it.each([
    [["pol"], "unknown command 'pol'\n(Did you mean poll?)"],
    [["poll", "--jsn"], "unknown option '--jsn'\n(Did you mean --json?)"],
    [["sink", "test"], "missing required argument 'name'"],
    [["poll", "extra"], "too many arguments for 'poll'"],
    [["poll", "--config"], "option '-c, --config <file>' argument missing"],
    [["poll", "--log-level", "loud"], "option '--log-level <level>' argument 'loud' is invalid"],
    [["watch", "--interval", "soon"], '--interval: expected a duration such as 10s, 15m or 7d, found "soon"'],
    [
      ["tasks", "--since", "0s"],
      '--since: expected a duration such as 10s, 15m or 7d, or an instant such as 2026-01-31T00:00:00Z, found "0s"',
    ],
    [
      ["tasks", "--until", "2026-13-01T00:00:00Z"],
      '--until: expected a duration such as 10s, 15m or 7d, or an instant such as 2026-01-31T00:00:00Z, found "2026-13-01T00:00:00Z"',
    ],
    [["simulate", "--port", "http"], '--port: expected a port from 0 to 65535, found "http"'],
  ])("in %j ends with 2 and one clear error", async (args, message) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(`error: ${message}`);
    expect(err).not.toContain("    at ");
  });

  it("is a command that is missing: the help goes to stderr", async () => {
    const { code, out, err } = await run([]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("Usage: dms-task-bridge");
  });
});
