import { join } from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { base, root } from "./base.ts";

/** Packages loaded only when the configuration needs them; packages that share classes share a file. */
const splitPackages: Readonly<Record<string, readonly string[]>> = {
  amqplib: ["amqplib"],
  kafka: ["@platformatic/kafka"],
  liquidjs: ["liquidjs"],
  mqtt: ["mqtt"],
  nats: ["@nats-io/nats-core"],
  nodemailer: ["nodemailer"],
  pg: ["pg"],
  redis: ["@redis/client"],
  yaml: ["yaml"],
};
const fileOf = (name: string): string | undefined =>
  Object.keys(splitPackages).find((file) =>
    splitPackages[file]?.some((each) => name === each || name.startsWith(`${each}/`)),
  );

/** The needed modules by file. */
export type WantedPackages = Map<string, Set<string>>;

/** Requires such a package from its file in `folder` when a module that imports it first runs. */
export const packagesSplit = (wanted: WantedPackages, folder: string): Plugin => ({
  name: "packages as files of their own",
  setup(build) {
    build.onResolve({ filter: /^[@a-z]/ }, ({ path, namespace }) => {
      const file = namespace === "file" ? fileOf(path) : undefined;
      if (file === undefined) return null;
      wanted.set(file, (wanted.get(file) ?? new Set()).add(path));
      return { path, namespace: "split" };
    });
    build.onLoad({ filter: /.*/, namespace: "split" }, ({ path }) => ({
      contents: `module.exports = require("${folder}/${fileOf(path)}.cjs")[${JSON.stringify(path)}]`,
    }));
    build.onResolve({ filter: /^\.\.?\//, namespace: "split" }, ({ path }) => ({ path, external: true }));
  },
});

/** Writes the files in packages/. */
export async function buildPackages(
  wanted: WantedPackages,
  { outdir = ".", target, minify, alias }: BuildOptions,
): Promise<Metafile["outputs"]> {
  const built = Array.from(wanted, async ([file, names]) => {
    const exported = Array.from(names, (name) => `${JSON.stringify(name)}: require("${name}")`);
    const { metafile } = await build({
      ...base,
      ...(target && { target }),
      ...(minify && { minify }),
      ...(alias && { alias }),
      stdin: { contents: `module.exports = { ${exported.join(", ")} }`, resolveDir: root },
      outfile: join(outdir, "packages", `${file}.cjs`),
      format: "cjs",
      // An ESM package uses the location of its file.
      define: { "import.meta.url": "bundledUrl" },
      banner: { js: 'const bundledUrl=require("node:url").pathToFileURL(__filename).href;' },
    });
    return metafile.outputs;
  });
  return Object.assign({}, ...(await Promise.all(built)));
}
