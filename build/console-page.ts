import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import type { PageAssets } from "../lib/console/assets.ts";
import { root } from "./base.ts";

/** Bundles the console's page: one script and one style sheet, without a source map, for today's browsers. */
export async function bundlePage(): Promise<PageAssets> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { page: "lib/console/page/main.tsx" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: ["chrome123", "firefox120", "safari17.5"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    outdir: join(root, "dist/console"),
    write: false,
  });
  const textOf = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return { script: textOf(".js"), style: textOf(".css") };
}

/** Puts the bundled page in the place of lib/console/assets.ts. */
export const embeddedPage: Plugin = {
  name: "the console's page as text",
  setup(build) {
    build.onLoad({ filter: /lib[\\/]console[\\/]assets\.ts$/ }, async () => ({
      contents: `const assets = ${JSON.stringify(await bundlePage())};\nexport const pageAssets = async () => assets;`,
      loader: "js",
    }));
  },
};
