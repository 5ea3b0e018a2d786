import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { folderWith } from "../config/sample.ts";

const main = path.resolve(import.meta.dirname, "../../build/main.ts");

/** Builds what FunctionGraph runs from a configuration. */
async function built(files: Readonly<Record<string, string>>, ...options: readonly string[]) {
  const folder = await folderWith(files);
  const args = [
    "--disable-warning=ExperimentalWarning",
    main,
    "functiongraph",
    path.join(folder, "out"),
    ...options,
  ];
  return new Promise<{ folder: string; code: unknown; err: string }>((resolve) =>
    execFile(process.execPath, args, { cwd: folder, env: { PATH: process.env["PATH"] } }, (error, _, err) =>
      resolve({ folder, code: error?.code ?? 0, err }),
    ),
  );
}

const yaml = `
sources:
  - { engine: kafka, region: cn-north-4, projectId: "\${PROJECT}", instances: all }
sinks:
  log: { type: console }
`;

it("the functions' build holds the configuration as JSON, whatever its format", async () => {
  const { folder, code } = await built({ "mine.yaml": yaml }, "--config", "mine.yaml");
  expect(code).toBe(0);
  const written: unknown = JSON.parse(await readFile(path.join(folder, "out/bridge.config.json"), "utf8"));
  expect(written).toMatchObject({ sources: [{ engine: "kafka" }], sinks: { log: { type: "console" } } });
});

it("the functions' build names a configuration that ends the process", async () => {
  const files = { "mine.mjs": "process.exit(0);" };
  const { code, err } = await built(files, "--config", "mine.mjs");
  expect([code, err]).toEqual([2, expect.stringMatching(/^error: mine\.mjs:1:9: expected /)]);
});

it.each([
  ["a wrong configuration", "mine.yaml", "did you mean kafka?"],
  ["a missing configuration", "absent.yaml", "absent.yaml"],
])("the functions' build ends with 2 for %s, and writes nothing", async (_, file, said) => {
  const { folder, code, err } = await built(
    { "mine.yaml": yaml.replace("kafka", "kafak") },
    "--config",
    file,
  );
  expect(code).toBe(2);
  expect(err).toContain(said);
  expect(err).not.toContain("    at ");
  expect(existsSync(path.join(folder, "out"))).toBe(false);
});
