import { truncate } from "../text/one-line.ts";

/** Keys and indices from the root of the configuration to a value. */
export type Path = readonly (string | number)[];

const maxKeyCharacters = 60;

/** A path in the configuration as users write it: `sources[0].region`, `sinks.ops.headers["x y"]`. */
export function fieldName(path: Path): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : keyName(key))).join("");
  return text.replace(/^\./, "") || "configuration";
}

function keyName(key: string): string {
  if (/^[\w$-]{1,60}$/.test(key)) return `.${key}`;
  return `[${JSON.stringify(truncate(key, maxKeyCharacters))}]`;
}
