import { relative, resolve } from "node:path";
import type { Plugin } from "esbuild";
import * as valibot from "valibot";
import { root } from "./base.ts";
import { undiciNames } from "./undici-lite.ts";

/** Loaded only when a configuration needs them. */
export const isOptional = (file: string): boolean => file.startsWith("lib/");

const fileOf = (folder: string, path: string): string => relative(root, resolve(folder, path));

/** Name of the part for a module such as `lib/sinks/slack.ts`. */
export const partName = (file: string): string => file.replace(/^lib\/|\.ts$/g, "").replaceAll("/", "-");

/**
 * Keeps lazily imported modules that match `isPart` out of the function's file, in parts/, and adds them to `found`:
 * a new container pays for compiling everything it loads. Benchmark `cold-start`: 12 % more CPU time in one file, and
 * 85 % more with the packages of all sinks and stores in it, too.
 */
export const partsSplit = (
  name: string,
  isPart: (file: string) => boolean,
  found = new Set<string>(),
): Plugin => ({
  name: "parts as files of their own",
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) => {
      const file = fileOf(resolveDir, path);
      if (kind !== "dynamic-import" || !isPart(file)) return null;
      found.add(file);
      return { path: `./parts/${name}/${partName(file)}.mjs`, external: true };
    });
  },
});

/** Precedes valibot's names among a function's exports: modules of lib/ export some of the same. */
const valibotPrefix = "valibot_";

/** valibot as an import for each name, so that a part keeps only those that it uses. */
const valibotImports = Object.keys(valibot)
  .map((name) => `export { ${valibotPrefix}${name} as ${name} } from "the function's file";`)
  .join("\n");

/** Names of valibot that the code of a built part imports from its function's file. */
export const valibotNamesIn = (code: string): readonly string[] =>
  Array.from(code.matchAll(new RegExp(`\\b${valibotPrefix}(\\w+)`, "g")), ([, name = ""]) => name);

/**
 * Replaces a part's imports of undici, valibot and modules in the function's file by that file's exports, so that
 * classes and clients exist once. With valibot in each part all files together are 14 % larger, as a zip.
 */
export const sharedWithEntry = (name: string, held: ReadonlySet<string>, asked: Set<string>): Plugin => ({
  name: "shared with the entry",
  setup(build) {
    const exported = { path: `../../${name}.mjs`, external: true };
    build.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const file = fileOf(resolveDir, path);
      if (!held.has(file)) return null;
      asked.add(file);
      return exported;
    });
    build.onResolve({ filter: /^undici$/ }, ({ path }) => {
      asked.add(path);
      return exported;
    });
    build.onResolve({ filter: /^valibot$/ }, ({ path }) => ({ path, namespace: "shared" }));
    build.onLoad({ filter: /^valibot$/, namespace: "shared" }, () => ({ contents: valibotImports }));
    build.onResolve({ filter: /./, namespace: "shared" }, () => ({ ...exported, sideEffects: false }));
  },
});

/** The entry module of a function's file: its handler and the exports that its parts need. */
export const entryWith = (
  handler: string,
  asked: ReadonlySet<string>,
  valibotNames: ReadonlySet<string>,
): string =>
  [
    `export { handler } from "./${handler}";`,
    ...Array.from(valibotNames, (name) => `export { ${name} as ${valibotPrefix}${name} } from "valibot";`),
    ...Array.from(asked, (module) =>
      module === "undici"
        ? `export { ${undiciNames.join(", ")} } from "undici";`
        : `export * from "./${module}";`,
    ),
  ].join("\n");
