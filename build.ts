import { spawnSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { eventJsonSchema } from "./lib/change/event-schema.ts";
import { configJsonSchema } from "./lib/config/json-schema.ts";
import { sinkTypes } from "./lib/sinks/index.ts";
import packageJson from "./package.json" with { type: "json" };

// The npm package: dist/cli.js and dist/index.js with their shared chunks, dist/types and dist/schema.
const root = fileURLToPath(new URL(".", import.meta.url));
const dist = join(root, "dist");

await rm(dist, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { cli: "functions/cli.ts", index: "lib/index.ts" },
  outdir: "dist",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  // What is imported when it is needed stays a file of its own.
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node22.19",
  // Installed with the package; whatever else is imported becomes part of it.
  external: Object.keys(packageJson.dependencies),
  legalComments: "linked",
  metafile: true,
});

const typescript = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");
const types = spawnSync(process.execPath, [typescript, "--project", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (types.status !== 0) throw new Error("the types could not be written");

await mkdir(join(dist, "schema"));
const schemas = { config: await configJsonSchema(sinkTypes), event: eventJsonSchema };
for (const [name, schema] of Object.entries(schemas)) {
  await writeFile(join(dist, "schema", `${name}.json`), `${JSON.stringify(schema, null, 2)}\n`);
}
process.stdout.write(sizes(metafile));

/** Each output with its size, then their sum. */
function sizes({ outputs }: Metafile): string {
  const bytes = Object.entries(outputs).map(([name, output]) => [name, output.bytes] as const);
  const total = bytes.reduce((sum, [, size]) => sum + size, 0);
  return [...bytes.toSorted(([, a], [, b]) => b - a), ["total", total] as const]
    .map(([name, size]) => `${(size / 1024).toFixed(1).padStart(8)} KiB  ${name}\n`)
    .join("");
}
