import { fileURLToPath } from "node:url";

/** The oldest Node that `engines` allows, once npm has fetched it. */
export const node22Version = "22.19.0";
export const node22 = fileURLToPath(new URL("node22/target/node_modules/.bin/node", import.meta.url));
