import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { checkConfig, type ReadConfig, readConfig } from "../lib/config/load.ts";
import { findConfigFile } from "../lib/config/read/file.ts";
import { base, root } from "./base.ts";
import {
  entryWith,
  isOptional,
  partName,
  partsSplit,
  sharedWithEntry,
  valibotNamesIn,
} from "./code-splitting.ts";
import { buildPackages, packagesSplit, type WantedPackages } from "./packages.ts";
import { builtinModules, undiciLite } from "./undici-lite.ts";

const shared = {
  ...base,
  outExtension: { ".js": ".mjs" },
  // The start is as fast without, but all files together are 27 % smaller to upload and to fetch, as a zip.
  minify: true,
  sourcemap: "linked",
  sourcesContent: false,
  mainFields: ["module", "main"],
  define: { esbuildDetection: "1" },
  alias: {
    "dms-task-bridge": "./lib/index.ts",
    // A function has its key in the environment.
    "@aws-sdk/credential-provider-node": "./build/no-credentials.ts",
    // The Kafka client reads its WebAssembly from a separate file, except in this build, which embeds it.
    "@platformatic/wasm-utils": "@platformatic/wasm-utils/bundled",
  },
} as const satisfies BuildOptions;

// CommonJS packages, and parts that load one from its file, need `require`.
const withRequire = {
  js: 'const require=(name)=>process.getBuiltinModule("node:module").createRequire(import.meta.url)(name);',
};

/** Path of the configuration; null for the root's own, false for none. */
type ChosenConfig = string | null | false;

/** functiongraph.mjs, and an index.js that loads it: FunctionGraph's runtime uses `require` and counts parameters. */
export async function buildFunctionGraph(outdir: string, config: ChosenConfig): Promise<Metafile["outputs"]> {
  const outputs = await buildFunctions(outdir, ["functiongraph"], "node22.18", config);
  const index =
    'exports.handler = async (event, context) => (await import("./functiongraph.mjs")).handler(event, context);\n';
  await writeFile(join(outdir, "index.js"), index);
  return outputs;
}

/**
 * Builds a file for each of functions/ with everything most runs need, parts/ for optional modules, packages/
 * for heavy packages, and the configuration beside them. @throws ConfigError when that is missing or wrong
 */
export async function buildFunctions(
  outdir: string,
  names: readonly string[],
  target: string,
  config: ChosenConfig,
): Promise<Metafile["outputs"]> {
  const checked = config === false ? null : await checkedConfig(config);
  await rm(outdir, { recursive: true, force: true });
  const packages: WantedPackages = new Map();
  const outputs = [
    ...(await Promise.all(names.map((name) => buildFunction(name, { outdir, target, packages })))),
    await buildPackages(packages, { ...shared, target, outdir }),
    checked === null ? {} : await buildConfig(checked, outdir, target),
  ];
  return Object.assign({}, ...outputs);
}

interface FunctionOptions {
  readonly outdir: string;
  readonly target: string;
  readonly packages: WantedPackages;
}

async function buildFunction(
  name: string,
  { outdir, target, packages }: FunctionOptions,
): Promise<Metafile["outputs"]> {
  const handler = `functions/${name}.ts`;
  const entry = (isPart: (file: string) => boolean, found?: Set<string>): BuildOptions => ({
    ...shared,
    target,
    outfile: join(outdir, `${name}.mjs`),
    plugins: [partsSplit(name, isPart, found), undiciLite, builtinModules],
  });
  const found = new Set<string>();
  const probe = await build({
    ...entry(isOptional, found),
    metafile: true,
    entryPoints: [handler],
    write: false,
  });
  const held = new Set(Object.keys(probe.metafile.inputs));
  const parts = found.difference(held);
  const asked = new Set<string>();
  const besides = await build({
    ...shared,
    target,
    outdir: join(outdir, "parts", name),
    entryPoints: Object.fromEntries(Array.from(parts, (file) => [partName(file), file])),
    banner: withRequire,
    plugins: [
      sharedWithEntry(name, held, asked),
      packagesSplit(packages, "../../packages"),
      undiciLite,
      builtinModules,
    ],
  });
  const written = await Promise.all(
    Array.from(parts, (file) => readFile(join(outdir, "parts", name, `${partName(file)}.mjs`), "utf8")),
  );
  const valibotNames = new Set(written.flatMap(valibotNamesIn));
  const whole = await build({
    ...entry((file) => parts.has(file)),
    metafile: true,
    stdin: { contents: entryWith(handler, asked, valibotNames), resolveDir: root },
  });
  return { ...whole.metafile.outputs, ...besides.metafile.outputs };
}

/** A configuration that was checked. */
interface CheckedConfig {
  readonly file: string;
  readonly read: ReadConfig;
}

/** Reads the configuration and checks it without its secrets. @throws ConfigError */
async function checkedConfig(config: string | null): Promise<CheckedConfig> {
  const file = config === null ? findConfigFile(root) : resolve(config);
  const read = await readConfig(file, root);
  await checkConfig(read, { environment: {}, folder: root });
  return { file, read };
}

/** Writes the configuration as JSON, whatever its format, or as a module. */
async function buildConfig(
  { file, read }: CheckedConfig,
  outdir: string,
  target: string,
): Promise<Metafile["outputs"]> {
  // A YAML parser costs more at a cold start than the YAML is worth.
  if (read.source !== null) {
    await writeFile(join(outdir, "bridge.config.json"), `${JSON.stringify(read.value, null, 2)}\n`);
    return {};
  }
  const { metafile } = await build({
    ...shared,
    target,
    outdir,
    entryPoints: { "bridge.config": file },
    banner: withRequire,
    plugins: [undiciLite, builtinModules],
  });
  return metafile.outputs;
}
