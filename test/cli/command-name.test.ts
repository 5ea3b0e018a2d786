import { CommanderError } from "commander";
import { expect, it } from "vitest";
import { startedAs, withCommand } from "../../lib/cli/command-name.ts";
import { program } from "../../lib/cli/program.ts";
import { openScreen } from "../../lib/cli/screen/output.ts";
import { fakeScreen } from "../harness/screen.ts";

it.each([
  [{}, "dms-task-bridge"],
  [{ npm_command: "run-script", npm_package_name: "dms-task-bridge" }, "npm run -s bridge --"],
  [{ npm_command: "run", npm_package_name: "dms-task-bridge" }, "npm run -s bridge --"],
  [{ npm_command: "run-script", npm_package_name: "their-own" }, "dms-task-bridge"],
  [{ npm_command: "exec", npm_package_name: "their-own" }, "npx dms-task-bridge"],
])("with %j the command is %s", (environment, command) => {
  expect(startedAs(environment)).toBe(command);
  const text = `do: ${withCommand("try it: dms-task-bridge sink test ops", command)}`;
  expect(withCommand(text, command)).toBe(text);
});

it("has the options that find the configuration, as words of a shell", () => {
  const files = { config: "other.yaml", envFile: [".env", "it's $& mine"] };
  const command = startedAs({}, files);
  expect(command).toBe("dms-task-bridge --config other.yaml --env-file .env --env-file 'it'\\''s $& mine'");
  expect(withCommand("dms-task-bridge poll", command)).toBe(`${command} poll`);
  const { screen, out } = fakeScreen({ command: startedAs({}, { config: "\x1b[2J" }) });
  screen.out.line("try it: dms-task-bridge poll");
  expect(out()).toBe("try it: dms-task-bridge --config '\\x1b[2J' poll\n");
});

it("names the command so in hints, and nowhere else", () => {
  const text = "try it: dms-task-bridge sink test ops; dms-task-bridge is mended";
  expect(withCommand(text, "npm run -s bridge --")).toBe(
    "try it: npm run -s bridge -- sink test ops; dms-task-bridge is mended",
  );
});

it("names the command so in the usage of the whole program, wherever it is printed", async () => {
  const { screen, out, err } = fakeScreen({ command: "npm run -s bridge --" });
  const root = () => program({ version: "0", screen, start: async () => {} });
  for (const args of [["--help"], []])
    await expect(root().parseAsync(args, { from: "user" })).rejects.toThrow(CommanderError);
  for (const text of [out(), err()])
    expect(text).toMatch(/^Usage: npm run -s bridge -- \[options\] \[command\]/);
});

it("knows every command", () => {
  const screen = openScreen(process.stdout, process.stderr);
  const { commands } = program({ version: "0", screen, start: async () => {} });
  const hints = commands.map((command) => `dms-task-bridge ${command.name()}`);
  expect(hints.filter((hint) => withCommand(hint, "it") === hint)).toEqual([]);
});
