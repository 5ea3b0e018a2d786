import { spawnSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { eventJsonSchema } from "../lib/change/event-schema.ts";
import { configJsonSchema } from "../lib/config/json-schema.ts";
import { sinkTypes } from "../lib/sinks/index.ts";
import packageJson from "../package.json" with { type: "json" };
import { base, root } from "./base.ts";
import { embeddedPage } from "./console-page.ts";

/** cli.js and index.js with their shared chunks, types/ and schema/. */
export async function buildPackage(outdir: string): Promise<Metafile["outputs"]> {
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    ...base,
    entryPoints: { cli: "functions/cli.ts", index: "lib/index.ts" },
    outdir,
    target: "node22.19",
    // A lazily imported module stays a separate file.
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    // Installed with the package; all other imports are bundled.
    external: Object.keys(packageJson.dependencies),
    plugins: [embeddedPage],
  });
  const typescript = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");
  const types = spawnSync(process.execPath, [typescript, "--project", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (types.status !== 0) throw new Error("the types could not be written");
  await mkdir(join(outdir, "schema"));
  const schemas = { config: await configJsonSchema(sinkTypes), event: eventJsonSchema };
  for (const [name, schema] of Object.entries(schemas)) {
    await writeFile(join(outdir, "schema", `${name}.json`), `${JSON.stringify(schema, null, 2)}\n`);
  }
  return metafile.outputs;
}
