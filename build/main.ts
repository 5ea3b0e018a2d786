import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Metafile } from "esbuild";
import { guardExit } from "../lib/cli/early-exit.ts";
import { report } from "../lib/cli/errors.ts";
import { openScreen } from "../lib/cli/screen/output.ts";
import { ConfigError } from "../lib/core/errors.ts";
import { root } from "./base.ts";
import { buildFunctionGraph, buildFunctions } from "./functions.ts";
import { buildImage } from "./image.ts";
import { buildPackage } from "./package.ts";

// `node build/main.ts` makes the npm package; `node build/main.ts lambda [FOLDER]` what AWS Lambda runs, in dist/lambda,
// `node build/main.ts functiongraph [FOLDER]` what Huawei Cloud's FunctionGraph runs, in dist/functiongraph, and
// `node build/main.ts image [FOLDER]` what a container image is built from, in dist/image.
// The functions' files hold the root's configuration, or that of `--config FILE`; with `--no-config` it comes later.
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { config: { type: "string" }, "no-config": { type: "boolean" } },
});
const [target, folder = join(root, "dist", target ?? "")] = positionals;
const config = values["no-config"] ? false : (values.config ?? null);
const reported = (error: ConfigError) => report(error, openScreen(process.stdout, process.stderr).err, false);
const { signal: stop } = new AbortController();
const ended = guardExit(process, { configFile: values.config, stop, report: reported });
try {
  process.stdout.write(sizes(await built()));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.exitCode = reported(error);
} finally {
  ended();
}

async function built(): Promise<Metafile["outputs"]> {
  switch (target) {
    case undefined:
      return buildPackage(folder);
    case "lambda":
      // poll is the compact topology; plan, shard and deliver form a fleet.
      return buildFunctions(resolve(folder), ["poll", "plan", "shard", "deliver"], "node24", config);
    case "functiongraph":
      return buildFunctionGraph(resolve(folder), config);
    case "image":
      return buildImage(resolve(folder));
    default:
      throw new Error(`nothing is built for ${target}`);
  }
}

/** Prints each output's size, then the sum. */
function sizes(outputs: Metafile["outputs"]): string {
  const bytes = Object.entries(outputs).map(([name, output]) => [name, output.bytes] as const);
  const total = bytes.reduce((sum, [, size]) => sum + size, 0);
  return [...bytes.toSorted(([, a], [, b]) => b - a), ["total", total] as const]
    .map(([name, size]) => `${(size / 1024).toFixed(1).padStart(8)} KiB  ${name}\n`)
    .join("");
}
