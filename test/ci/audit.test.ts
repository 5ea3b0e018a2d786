import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const script = new URL("../../.ci/audit.js", import.meta.url).pathname;

/** Runs the audit with an npm that prints this, and tells whether it was asked to be offline. */
async function audit(
  printed: string,
  ...args: readonly string[]
): Promise<readonly [code: number, said: string]> {
  const folder = await mkdtemp(join(tmpdir(), "bridge-audit-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const npm = join(folder, "npm");
  await writeFile(
    npm,
    `#!/bin/sh\n[ "$npm_config_offline" = false ] || exit 9\ncat <<'END'\n${printed}\nEND\n`,
  );
  await chmod(npm, 0o755);
  const env = {
    ...process.env,
    PATH: `${folder}${delimiter}${process.env["PATH"]}`,
    npm_config_offline: "true",
  };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args], { env }, (_error, stdout) =>
      resolve([child.exitCode ?? -1, stdout]),
    );
  });
}

const counts = (high: number) =>
  JSON.stringify({ metadata: { vulnerabilities: { high, critical: 0, total: high + 2 } } });

describe("the audit", () => {
  it("passes without a weakness of high severity, and fails with one", async () => {
    expect(await audit(counts(0))).toEqual([0, "audit: 2 known weaknesses, 0 high, 0 critical\n"]);
    expect(await audit(counts(1))).toEqual([1, "audit: 3 known weaknesses, 1 high, 0 critical\n"]);
  });

  it.each(['{"message":"405 Method Not Allowed"}', "", "<html>"])(
    "says that it does not know on the answer %j, and fails where an answer is required",
    async (answer) => {
      expect(await audit(answer)).toEqual([0, expect.stringMatching(/^audit: UNKNOWN/)]);
      expect(await audit(answer, "--required")).toEqual([1, expect.stringMatching(/^audit: UNKNOWN/)]);
    },
  );
});
