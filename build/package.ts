import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build, type Metafile, transform } from "esbuild";
import { asyncApiDocument } from "../lib/change/asyncapi.ts";
import { eventJsonSchema } from "../lib/change/event-schema.ts";
import { configJsonSchema } from "../lib/config/json-schema.ts";
import { sinkTypes } from "../lib/sinks/index.ts";
import packageJson from "../package.json" with { type: "json" };
import { base, root } from "./base.ts";
import { embeddedPage } from "./console-page.ts";

/** The entries with their shared chunks, types/, schema/ and examples/. */
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
  for (const file of ["bin.cjs", "start.cjs"]) await cp(join(root, "functions", file), join(outdir, file));
  await buildExamples(join(outdir, "examples"));
  await mkdir(join(outdir, "schema"));
  const schemas = {
    config: await configJsonSchema(sinkTypes),
    event: eventJsonSchema,
    asyncapi: asyncApiDocument(),
  };
  for (const [name, schema] of Object.entries(schemas)) {
    await writeFile(join(outdir, "schema", `${name}.json`), `${JSON.stringify(schema, null, 2)}\n`);
  }
  return metafile.outputs;
}

/** The examples in JavaScript: Node runs no TypeScript of an installed package. */
async function buildExamples(outdir: string): Promise<void> {
  await cp(join(root, "examples"), outdir, { recursive: true });
  for (const name of await readdir(outdir, { recursive: true })) {
    if (!/\.(ts|md)$/.test(name)) continue;
    const file = join(outdir, name);
    const text = (await readFile(file, "utf8"))
      .replace(/"(\.\.\/)+lib\/[^"]+"/g, '"dms-task-bridge"')
      .replaceAll("npm run -s bridge -- ", "npx dms-task-bridge ")
      .replaceAll("examples/", "node_modules/dms-task-bridge/dist/examples/")
      .replaceAll("../../docs/", "../../../docs/")
      .replace(/\b(sink|sqlite|bridge\.config|receiver|consumer)\.ts\b/g, "$1.js");
    await rm(file);
    if (name.endsWith(".md")) await writeFile(file, text);
    else
      await writeFile(
        file.replace(/ts$/, "js"),
        (await transform(text, { loader: "ts", target: "node22.19" })).code,
      );
  }
}
