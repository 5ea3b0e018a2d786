import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

const subjects = [
  "cold",
  "empty",
  "idle",
  "journal",
  "listing",
  "commit",
  "delivery",
  "backlog",
  "first-read",
  "fleet",
  "latency",
] as const;
export type Subject = (typeof subjects)[number];
const peers = ["handler", "listing", "idle"] as const;
export type Peer = (typeof peers)[number];

export interface Bundles {
  /** The poll function of `npm run package`. */
  readonly poll: string;
  readonly subject: (name: Subject) => string;
  /** The peer on the official clients. */
  readonly peer: (name: Peer) => string;
}

/** Bundles all subjects into the folder, so that no round pays for reading TypeScript. */
export async function bundle(folder: string): Promise<Bundles> {
  execFileSync(process.execPath, [
    join(root, "build/main.ts"),
    "lambda",
    join(folder, "lambda"),
    "--no-config",
  ]);
  const shared: BuildOptions = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    minify: true,
    mainFields: ["module", "main"],
    outExtension: { ".js": ".mjs" },
    banner: { js: 'const require=process.getBuiltinModule("node:module").createRequire(import.meta.url);' },
    entryNames: "[name]",
    // As in the package: what no configuration asks for is in files of its own.
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
  };
  const [ours, theirs] = [join(folder, "subjects"), join(folder, "peers")];
  await build({ ...shared, entryPoints: subjects.map((name) => `bench/subjects/${name}.ts`), outdir: ours });
  await build({ ...shared, entryPoints: peers.map((name) => `bench/peer/${name}.mjs`), outdir: theirs });
  return {
    poll: join(folder, "lambda", "poll.mjs"),
    subject: (name) => join(ours, `${name}.mjs`),
    peer: (name) => join(theirs, `${name}.mjs`),
  };
}
