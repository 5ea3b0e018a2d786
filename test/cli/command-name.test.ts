import { expect, it } from "vitest";
import { startedAs, withCommand } from "../../lib/cli/command-name.ts";
import { program } from "../../lib/cli/program.ts";
import { openScreen } from "../../lib/cli/screen/output.ts";

it.each([
  [{}, "dms-task-bridge"],
  [{ npm_command: "run-script", npm_package_name: "dms-task-bridge" }, "npm run -s bridge --"],
  [{ npm_command: "run", npm_package_name: "dms-task-bridge" }, "npm run -s bridge --"],
  [{ npm_command: "run-script", npm_package_name: "their-own" }, "dms-task-bridge"],
  [{ npm_command: "exec", npm_package_name: "their-own" }, "npx dms-task-bridge"],
])("with %j the command is %s", (environment, command) => {
  expect(startedAs(environment)).toBe(command);
});

it("names the command so in hints, and nowhere else", () => {
  const text = "try it: dms-task-bridge sink test ops; dms-task-bridge is mended";
  expect(withCommand(text, "npm run -s bridge --")).toBe(
    "try it: npm run -s bridge -- sink test ops; dms-task-bridge is mended",
  );
});

it("knows every command", () => {
  const screen = openScreen(process.stdout, process.stderr);
  const { commands } = program({ version: "0", screen, start: async () => {} });
  const hints = commands.map((command) => `dms-task-bridge ${command.name()}`);
  expect(hints.filter((hint) => withCommand(hint, "it") === hint)).toEqual([]);
});
