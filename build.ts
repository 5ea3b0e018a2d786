import { spawnSync } from "node:child_process";
import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { eventJsonSchema } from "./lib/change/event-schema.ts";
import { configJsonSchema } from "./lib/config/json-schema.ts";
import { sinkTypes } from "./lib/sinks/index.ts";
import packageJson from "./package.json" with { type: "json" };

// `node build.ts` makes the npm package; `node build.ts lambda [FOLDER]` what AWS Lambda runs, in dist/lambda.
const root = fileURLToPath(new URL(".", import.meta.url));
const dist = join(root, "dist");
const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "esm",
  legalComments: "linked",
  metafile: true,
} as const satisfies BuildOptions;

/** poll makes the compact topology; plan, shard and deliver make a fleet. */
const lambdas = ["poll", "plan", "shard", "deliver"];

const [target, folder = join(dist, "lambda")] = process.argv.slice(2);
const metafile = target === "lambda" ? await buildLambda(resolve(folder)) : await buildPackage();
process.stdout.write(sizes(metafile));

/** dist/cli.js and dist/index.js with their shared chunks, dist/types and dist/schema. */
async function buildPackage(): Promise<Metafile> {
  await rm(dist, { recursive: true, force: true });
  const { metafile } = await build({
    ...shared,
    entryPoints: { cli: "functions/cli.ts", index: "lib/index.ts" },
    outdir: dist,
    target: "node22.19",
    // What is imported when it is needed stays a file of its own.
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    // Installed with the package; whatever else is imported becomes part of it.
    external: Object.keys(packageJson.dependencies),
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
  return metafile;
}

/** One file a function with all it needs, and the root's bridge.config.* beside it, where there is one. */
async function buildLambda(outdir: string): Promise<Metafile> {
  await rm(outdir, { recursive: true, force: true });
  const configs = (await readdir(root)).filter((name) => /^bridge\.config\.(m?[jt]s|json|ya?ml)$/.test(name));
  const [module] = configs.filter((name) => /\.m?[jt]s$/.test(name));
  const { metafile } = await build({
    ...shared,
    entryPoints: {
      ...Object.fromEntries(lambdas.map((name) => [name, `functions/${name}.ts`])),
      ...(module && { "bridge.config": module }),
    },
    outdir,
    outExtension: { ".js": ".mjs" },
    target: "node24",
    // Whole files: esbuild gives a CommonJS package that is imported late no names when it splits.
    splitting: false,
    minify: true,
    sourcemap: "linked",
    sourcesContent: false,
    mainFields: ["module", "main"],
    alias: { "dms-task-bridge": "./lib/index.ts" },
    // undici is CommonJS and asks for Node's own modules by require.
    banner: {
      js: 'import{createRequire as bridgeRequire}from"node:module";const require=bridgeRequire(import.meta.url);',
    },
  });
  const texts = configs.filter((name) => name !== module);
  for (const name of texts) await copyFile(join(root, name), join(outdir, name));
  return metafile;
}

/** Each output with its size, then their sum. */
function sizes({ outputs }: Metafile): string {
  const bytes = Object.entries(outputs).map(([name, output]) => [name, output.bytes] as const);
  const total = bytes.reduce((sum, [, size]) => sum + size, 0);
  return [...bytes.toSorted(([, a], [, b]) => b - a), ["total", total] as const]
    .map(([name, size]) => `${(size / 1024).toFixed(1).padStart(8)} KiB  ${name}\n`)
    .join("");
}
