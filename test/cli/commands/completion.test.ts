import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { folderWith } from "../../config/sample.ts";
import { key } from "../../harness/api.ts";
import { bridgeFolder } from "../../harness/bridge.ts";
import { run } from "../../harness/cli.ts";

const yaml = `
sources: [{ engine: kafka, region: r, projectId: p, instances: [kafka-one, kafka-two] }]
sinks: { ops: { type: slack }, audit: { type: file } }
`;

async function words(line: string, files: Readonly<Record<string, string>> = { "bridge.config.yaml": yaml }) {
  const cwd = await folderWith(files);
  const { code, out, err } = await run(["completion", "bash", "--line", `dms-task-bridge ${line}`], { cwd });
  expect([code, err]).toEqual([0, ""]);
  return out.split("\n").filter(Boolean);
}

it.each([
  ["val", ["validate"]],
  ["dead-letters ", ["list", "purge", "redrive"]],
  ["sink test ", ["audit", "ops"]],
  ["sink test o", ["ops"]],
  ["explain --sink a", ["audit"]],
  ["--log-level debug explain --sink ", ["audit", "ops"]],
  ["tasks --stream kafka-t", ["kafka-two"]],
  ["init --engine ra", ["rabbitmq"]],
  ["init --to sla", ["slack", "slackapp"]],
  ["poll --log-level ", ["debug", "error", "info", "warn"]],
  ["completion ", ["bash", "fish", "zsh"]],
  ["explain --status F", ["FAILED"]],
  ["events --status UNR", ["UNREADABLE"]],
  ["dead-letters list --reason too_", ["too_large", "too_many_attempts", "too_old"]],
  ["poll --config ", []],
])("%j may go on with %j", async (line, next) => {
  expect(await words(line)).toEqual(next);
});

it("options are a command's own and the global ones", async () => {
  expect(await words("watch --")).toEqual(
    expect.arrayContaining(["--interval", "--listen", "--config", "--json"]),
  );
  expect(await words("watch --")).not.toContain("--line");
});

it("names come from the configuration that the line names", async () => {
  expect(await words("--config other.yaml sink test ", { "other.yaml": yaml })).toEqual(["audit", "ops"]);
});

it.each([{}, { "bridge.config.yaml": "sinks: [" }, { "bridge.config.yaml": "sinks: 5" }])(
  "a configuration that cannot be read gives no names: %j",
  async (files) => {
    expect(await words("sink test ", files)).toEqual([]);
  },
);

it("streams are those of the store, too, by key, id and name", async () => {
  const harness = await bridgeFolder();
  await harness.run("poll");
  const { out } = await harness.run("completion", "bash", "--line", "dms-task-bridge checkpoint show ");
  expect(out.split("\n")).toEqual(expect.arrayContaining([key, "orders", key.split("/").at(-1)]));
});

it.each(["bash", "zsh", "fish"])("%s gets a script, and another shell an error", async (shell) => {
  const { code, out } = await run(["completion", shell]);
  expect(code).toBe(0);
  expect(out).toContain("dms-task-bridge completion");
  if (shell === "bash") expect(spawnSync("bash", ["-n"], { input: out }).status).toBe(0);
  expect((await run(["completion", `${shell}x`])).err).toContain(`did you mean ${shell}?`);
});

it("completes in bash itself", async () => {
  const { out: script } = await run(["completion", "bash"]);
  const cwd = await folderWith({ "bridge.config.yaml": yaml });
  const asks = `dms-task-bridge() { "${process.execPath}" "${process.cwd()}/functions/cli.ts" "$@"; }
${script}
COMP_LINE="dms-task-bridge sink test o" COMP_POINT=27 COMP_WORDS=(dms-task-bridge sink test o) COMP_CWORD=3
_dms_task_bridge
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = spawnSync("bash", ["-c", asks], { cwd, encoding: "utf8" });
  expect(stdout).toBe("ops\n");
});
