import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { folderWith } from "../../config/sample.ts";
import { run } from "../../harness/cli.ts";

const yaml = "sinks: { ops: { type: slack }, audit: { type: file } }\n";
/** What a shell runs in place of the installed command. */
const command = `"${process.execPath}" --disable-warning=ExperimentalWarning "${process.cwd()}/functions/cli.ts"`;

it("completes in zsh itself, at the Tab key", async () => {
  const { out: script } = await run(["completion", "zsh"]);
  const cwd = await folderWith({
    "bridge.config.yaml": yaml,
    ".zshrc": `autoload -Uz compinit && compinit -u -D
dms-task-bridge() { if [[ $1 == completion ]]; then ${command} "$@"; else print "ran: $*"; fi }
${script}`,
  });
  const shell = spawnSync("script", ["-qec", "zsh -i", "/dev/null"], {
    cwd,
    encoding: "utf8",
    input: "dms-task-bridge sink test o\t\nexit\n",
    env: { PATH: process.env["PATH"], ZDOTDIR: cwd, TERM: "xterm" },
  });
  expect(shell.stdout).toContain("ran: sink test ops");
});

it("completes in fish itself", async () => {
  const { out: script } = await run(["completion", "fish"]);
  const cwd = await folderWith({ "bridge.config.yaml": yaml, "bridge.fish": script });
  const asks = `function dms-task-bridge; ${command} $argv; end
source bridge.fish
complete --do-complete "dms-task-bridge sink test o"`;
  const { stdout } = spawnSync("fish", ["--no-config", "-c", asks], {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: cwd },
  });
  expect(stdout.trim()).toBe("ops");
});
