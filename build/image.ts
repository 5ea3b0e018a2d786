import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { base, root } from "./base.ts";

// CommonJS packages need these.
const commonJsNames = [
  'import{createRequire as bundledCreateRequire}from"node:module";',
  "const require=bundledCreateRequire(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;",
].join("");

/** Input of deploy/Containerfile: app/ with the command line and its packages, home/ with a folder for its state. */
export async function buildImage(outdir: string): Promise<Metafile["outputs"]> {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(join(outdir, "home", ".bridge"), { recursive: true });
  await cp(join(root, "deploy", "Containerfile"), join(outdir, "Containerfile"));
  const { metafile } = await build({
    ...base,
    entryPoints: { cli: "functions/cli.ts" },
    outdir: join(outdir, "app"),
    outExtension: { ".js": ".mjs" },
    target: "node24",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    minify: true,
    // The Kafka client reads its WebAssembly from a separate file, except in this build, which embeds it.
    alias: { "@platformatic/wasm-utils": "@platformatic/wasm-utils/bundled" },
    banner: { js: commonJsNames },
  });
  return metafile.outputs;
}
