import { join, resolve } from "node:path";
import type { Metafile } from "esbuild";
import { root } from "./base.ts";
import { buildFunctionGraph, buildFunctions } from "./functions.ts";
import { buildImage } from "./image.ts";
import { buildPackage } from "./package.ts";

// `node build/main.ts` makes the npm package; `node build/main.ts lambda [FOLDER]` what AWS Lambda runs, in dist/lambda,
// `node build/main.ts functiongraph [FOLDER]` what Huawei Cloud's FunctionGraph runs, in dist/functiongraph, and
// `node build/main.ts image [FOLDER]` what a container image is built from, in dist/image.
const [target, folder = join(root, "dist", target ?? "")] = process.argv.slice(2);
process.stdout.write(sizes(await built()));

async function built(): Promise<Metafile["outputs"]> {
  switch (target) {
    case undefined:
      return buildPackage(folder);
    case "lambda":
      // poll is the compact topology; plan, shard and deliver form a fleet.
      return buildFunctions(resolve(folder), ["poll", "plan", "shard", "deliver"], "node24");
    case "functiongraph":
      return buildFunctionGraph(resolve(folder));
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
