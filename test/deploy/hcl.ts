import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { venvPython } from "../services/programs.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const modules = join(root, "deploy/terraform");

/** A file as the parser reads it, its texts without their quotes. */
export function parsed(module: string, file: string): Hcl {
  const program = "import hcl2, json, sys; print(json.dumps(hcl2.load(open(sys.argv[1]))))";
  const json = execFileSync(venvPython, ["-c", program, join(modules, module, file)], { encoding: "utf8" });
  return JSON.parse(json.replaceAll(/"\\"((?:[^"\\]|\\.)*?)\\""/g, '"$1"')) as Hcl;
}

export type Block = Readonly<Record<string, unknown>>;
export type Hcl = Readonly<
  Record<"resource" | "data", readonly Readonly<Record<string, Readonly<Record<string, Block>>>>[]>
>;
