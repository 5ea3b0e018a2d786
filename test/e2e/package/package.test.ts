import { execFile, execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startSimulator } from "../../../lib/simulator/api.ts";
import { demoKey } from "../../../lib/simulator/auth.ts";
import { seededRandom } from "../../../lib/simulator/random.ts";
import packageJson from "../../../package.json" with { type: "json" };
import { node22, node22Version } from "../../services/node22.ts";

const root = path.resolve(import.meta.dirname, "../../..");
let folder = "";
const installed = (...parts: readonly string[]): string =>
  path.join(folder, "node_modules/dms-task-bridge", ...parts);

/** What `npm pack` makes, where npm would install it, with the dependencies of this clone. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "bridge-package-"));
  const env = { ...process.env, npm_config_prefer_offline: "true" };
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root, env, stdio: "pipe" });
  const [tarball = ""] = await readdir(folder);
  await mkdir(installed(), { recursive: true });
  execFileSync("tar", ["-xzf", path.join(folder, tarball), "--strip-components=1", "-C", installed()]);
  for (const name of Object.keys(packageJson.dependencies)) {
    await mkdir(path.dirname(path.join(folder, "node_modules", name)), { recursive: true });
    await symlink(path.join(root, "node_modules", name), path.join(folder, "node_modules", name));
  }
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

const run = (
  node: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> =>
  new Promise((resolve) =>
    execFile(node, args, { cwd: folder, env: { PATH: process.env["PATH"], ...env } }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    ),
  );
const command = () => installed(packageJson.bin["dms-task-bridge"]);

it("the oldest Node that is tested is the oldest that is allowed", () => {
  expect(`>=${node22Version}`).toBe(`${packageJson.engines.node}.0`);
});

describe.each([
  ["Node 22", node22],
  ["Node 24", process.execPath],
])("the package under %s", (_, node) => {
  it("plays the demo", async () => {
    const { code, out, err } = await run(node, [command(), "demo", "--once"]);
    expect([code, err], out).toEqual([0, ""]);
    expect(out).toContain("Every change arrived exactly once");
  });

  it("loads its examples", async () => {
    const examples = await readdir(installed("dist/examples"));
    expect(examples).toContain("custom-sink");
    for (const example of examples) {
      const files = await readdir(installed("dist/examples", example));
      const config = files.find((file) => file.startsWith("bridge.config.")) ?? "";
      const { code, err } = await run(node, [
        command(),
        "validate",
        installed("dist/examples", example, config),
      ]);
      expect([example, code, err]).toEqual([example, 0, ""]);
      expect(files.filter((file) => file.endsWith(".ts"))).toEqual([]);
    }
  });

  it("runs the program of docs/library.md", async () => {
    const simulator = await startSimulator({ random: seededRandom(1) });
    onTestFinished(() => simulator.close());
    simulator.world.addInstance({ id: "i-1", engine: "kafka", name: "orders", projectId: "p1" });
    simulator.world.start({ instance: "i-1", name: "resize", steps: [{ status: "EXECUTING", afterMs: 0 }] });
    const page = await readFile(path.join(root, "docs/library.md"), "utf8");
    await writeFile(path.join(folder, "run.mjs"), /^```js\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? "");
    await writeFile(
      path.join(folder, "bridge.config.yaml"),
      `
sources:
  - { engine: kafka, region: r, endpoint: "${simulator.url}", projectId: p1, instances: all }
checkpoint: { type: memory }
sinks:
  log: { type: file, path: events.ndjson }
`,
    );
    const env = { HUAWEICLOUD_SDK_AK: demoKey.ak, HUAWEICLOUD_SDK_SK: demoKey.sk };
    const { code, out, err } = await run(node, ["run.mjs"], env);
    expect([code, err.includes("Error")]).toEqual([0, false]);
    expect(JSON.parse(out)).toMatchObject([{ key: "kafka/r/p1/i-1", tasks: 1, changes: 1, error: null }]);
  });
});

describe("the command's entry", () => {
  const tooOld = "Object.defineProperty(process.versions, 'node', { value: '18.20.4' });";

  it("says in one line which Node it needs", async () => {
    await writeFile(path.join(folder, "old.cjs"), tooOld);
    expect(await run(process.execPath, ["-r", "./old.cjs", command(), "demo"])).toEqual({
      code: 2,
      out: "",
      err: "error: dms-task-bridge needs Node.js 22.19 or later, and this is 18.20.4: https://nodejs.org/en/download\n",
    });
  });

  it("uses no word that an old Node cannot read, and no option that it does not know", async () => {
    const text = await readFile(command(), "utf8");
    expect(text.split("\n")[0]).toBe("#!/usr/bin/env node");
    expect(text).not.toMatch(/\b(const|let|import|class|async|await)\b[ (]|=>|`|\?\.|\?\?/);
  });
});
