import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { venvPython } from "../services/programs.ts";

const folder = fileURLToPath(new URL("../../deploy/terraform/huaweicloud", import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith(".tf"));
const text = files.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
const named = (pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([, name]) => name));

describe("deploy/terraform/huaweicloud", () => {
  it.each(files)("is in %s what an HCL parser reads", (file) => {
    const program = "import hcl2, sys; hcl2.load(open(sys.argv[1]))";
    expect(() => execFileSync(venvPython, ["-c", program, join(folder, file)])).not.toThrow();
  });

  it("uses each variable that it declares, and declares each that it uses", () => {
    expect(named(/\bvar\.(\w+)/g)).toEqual(named(/^variable "(\w+)"/gm));
  });

  it("takes what docs/deploy-terraform.md gives it, which is all that it must be given", () => {
    const page = readFileSync(join(folder, "../../../docs/deploy-terraform.md"), "utf8");
    const [, module = ""] = /^```hcl\n([\s\S]*?)^```$/m.exec(page) ?? [];
    const given = new Set([...module.matchAll(/^ {2}(\w+) +=/gm)].map(([, name]) => name));
    given.delete("source");
    const required = [...text.matchAll(/^variable "(\w+)" \{([\s\S]*?)^\}/gm)].filter(
      ([, , body = ""]) => !/^ {2}default +=/m.test(body),
    );
    expect(given).toEqual(new Set(required.map(([, name]) => name)));
  });

  it("refers only to resources that it makes", () => {
    const made = named(/^resource "(\w+" "\w+)"/gm);
    const used = [...text.matchAll(/\b(huaweicloud_\w+)\.(\w+)/g)].map(
      ([, type, name]) => `${type}" "${name}`,
    );
    expect(used.filter((resource) => !made.has(resource))).toEqual([]);
  });

  it("repeats no call of the timer, drops one that waited a minute, and gives its agency no wildcard", () => {
    expect(text).toMatch(/max_async_retry_attempts += 0\n/);
    expect(text).toMatch(/max_async_event_age_in_seconds = 60\n/);
    expect([...text.matchAll(/"(\w+:\w*:?\*)"/g)]).toEqual([]);
  });
});
