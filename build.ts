import { spawnSync } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, parse, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { builtinModules, packagesApart, slimUndici } from "./build-plugins.ts";
import { eventJsonSchema } from "./lib/change/event-schema.ts";
import { readConfigFile } from "./lib/config/file.ts";
import { configJsonSchema } from "./lib/config/json-schema.ts";
import { sinkTypes } from "./lib/sinks/index.ts";
import packageJson from "./package.json" with { type: "json" };

// `node build.ts` makes the npm package; `node build.ts lambda [FOLDER]` what AWS Lambda runs, in dist/lambda, and
// `node build.ts functiongraph [FOLDER]` what Huawei Cloud's FunctionGraph runs, in dist/functiongraph.
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

const [target, folder = join(dist, target ?? "")] = process.argv.slice(2);
process.stdout.write(sizes(await built()));

async function built(): Promise<Metafile> {
  switch (target) {
    case undefined:
      return buildPackage();
    case "lambda":
      // poll makes the compact topology; plan, shard and deliver make a fleet.
      return buildFunctions(resolve(folder), ["poll", "plan", "shard", "deliver"], "node24");
    case "functiongraph":
      return buildFunctionGraph(resolve(folder));
    default:
      throw new Error(`nothing is built for ${target}`);
  }
}

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

/** functiongraph.mjs, and an index.js that loads it: FunctionGraph's runtime knows `require` and counts parameters. */
async function buildFunctionGraph(outdir: string): Promise<Metafile> {
  const metafile = await buildFunctions(outdir, ["functiongraph"], "node22.18");
  const index =
    'exports.handler = async (event, context) => (await import("./functiongraph.mjs")).handler(event, context);\n';
  await writeFile(join(outdir, "index.js"), index);
  return metafile;
}

/** One file an entry of functions/ with all it needs, and the root's bridge.config.* beside it, where there is one. */
async function buildFunctions(outdir: string, entries: readonly string[], target: string): Promise<Metafile> {
  await rm(outdir, { recursive: true, force: true });
  const configs = (await readdir(root)).filter((name) => /^bridge\.config\.(m?[jt]s|json|ya?ml)$/.test(name));
  const [module] = configs.filter((name) => /\.m?[jt]s$/.test(name));
  const { metafile } = await build({
    ...shared,
    entryPoints: {
      ...Object.fromEntries(entries.map((name) => [name, `functions/${name}.ts`])),
      ...(module && { "bridge.config": module }),
    },
    outdir,
    outExtension: { ".js": ".mjs" },
    target,
    // One file: each one more costs its look-up. What is heavy and seldom wanted stands apart all the same.
    splitting: false,
    minify: true,
    sourcemap: "linked",
    sourcesContent: false,
    mainFields: ["module", "main"],
    plugins: [slimUndici, builtinModules, packagesApart],
    // Node loads its performance hooks when asked for the time; the process knows it too.
    define: { esbuildDetection: "1", "performance.now": "monotonicMs" },
    alias: {
      "dms-task-bridge": "./lib/index.ts",
      // The Kafka client reads its WebAssembly from a file beside it, unless it is this one, which holds it.
      "@platformatic/wasm-utils": "@platformatic/wasm-utils/bundled",
    },
    // undici is CommonJS and asks for Node's own modules by require.
    banner: {
      js: 'const require=process.getBuiltinModule("node:module").createRequire(import.meta.url),monotonicMs=()=>process.uptime()*1e3;',
    },
  });
  // As JSON, whatever it was written in: a parser of YAML costs a cold start more than all that it says.
  for (const name of configs.filter((each) => each !== module)) {
    const written = JSON.stringify(await readConfigFile(join(root, name)), null, 2);
    await writeFile(join(outdir, `${parse(name).name}.json`), `${written}\n`);
  }
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
