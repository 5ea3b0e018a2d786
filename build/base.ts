import { fileURLToPath } from "node:url";
import type { BuildOptions } from "esbuild";

/** The folder of the project. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Of everything that is built. */
export const base = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "esm",
  legalComments: "linked",
  metafile: true,
} as const satisfies BuildOptions;
