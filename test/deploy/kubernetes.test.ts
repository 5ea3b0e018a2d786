import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { program } from "../../lib/cli/program.ts";
import type { Screen } from "../../lib/cli/screen/output.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { kubernetesValidate } from "../services/programs.ts";

const folder = fileURLToPath(new URL("../../deploy/kubernetes", import.meta.url));
const variants = readdirSync(folder);
const manifests = variants.flatMap((variant) =>
  readdirSync(join(folder, variant))
    .filter((file) => !/^(kustomization|bridge\.config)\.yaml$/.test(file))
    .map((file) => join(variant, file)),
);
const read = (file: string) => readFileSync(join(folder, file), "utf8");
/** Patches are parts of a manifest, which the schema of the whole does not fit. */
const whole = manifests.filter((file) => !read(file).includes("$patch"));

/** The pods that a manifest makes. */
const podOf = (file: string) => {
  const { spec } = parse(read(file));
  return (spec.jobTemplate?.spec ?? spec).template.spec;
};
const workloads = whole.filter((file) => /(deployment|cronjob)\.yaml$/.test(file));

describe("deploy/kubernetes", () => {
  it.each(whole)("has in %s what the API takes, and nothing that it does not know", (file) => {
    const check = () =>
      execFileSync(kubernetesValidate, ["--strict", "--quiet", join(folder, file)], { encoding: "utf8" });
    expect(check).not.toThrow();
  });

  it.each(variants)("names in %s only files that are there", (variant) => {
    const { resources, configMapGenerator, patches = [] } = parse(read(join(variant, "kustomization.yaml")));
    const patched = patches.map(({ path }: { path: string }) => path);
    for (const file of [...resources, ...configMapGenerator[0].files, ...patched])
      expect(existsSync(join(folder, variant, file)), file).toBe(true);
  });

  it.each(variants)("has in %s a configuration that loads", async (variant) => {
    const asked: string[] = [];
    const file = async (reference: string) => {
      asked.push(reference);
      return reference.endsWith("database-url")
        ? "postgres://bridge:secret@db.example.com/bridge"
        : "https://hooks.example.com/x";
    };
    await loadConfig("bridge.config.yaml", {
      environment: {},
      folder: join(folder, variant),
      secrets: { file },
    });
    expect(asked.length).toBeGreaterThan(2);
    for (const reference of asked) expect(reference).toMatch(/^file:\/run\/secrets\/bridge\/[\w-]+$/);
  });

  it.each(workloads)("runs in %s a command that exists, as the image's user in a read-only root", (file) => {
    const pod = podOf(file);
    const [container] = pod.containers;
    const side = { raw: () => {}, line: () => {} };
    const screen = { out: side, err: side } as unknown as Screen;
    const root = program({ version: "0", screen, start: async () => {} });
    expect(() => root.parse(container.args, { from: "user" })).not.toThrow();
    expect(pod.securityContext).toMatchObject({ runAsUser: 1003, runAsNonRoot: true });
    expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
  });
});
