import { fileURLToPath } from "node:url";
import type { BuildOptions } from "esbuild";

/** The project's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** esbuild options shared by all builds. */
export const base = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "esm",
  legalComments: "linked",
  metafile: true,
} as const satisfies BuildOptions;
