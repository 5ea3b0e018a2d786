import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const commandsOf = (page: string) =>
  [...read(page).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block).join("");
/** A folder, or files by a pattern for their ends. */
const isThere = (path: string): boolean => {
  const [folder = "", end] = path.split("*");
  return end === undefined
    ? existsSync(join(root, path))
    : readdirSync(join(root, folder)).some((file) => file.endsWith(end));
};
const pages = ["docs/deploy-kubernetes.md", "docs/deploy-vm.md"] as const;

describe.each(pages)("%s", (page) => {
  it("names only scripts and files that are there", () => {
    const commands = commandsOf(page);
    for (const [, script = ""] of commands.matchAll(/npm run ([\w:]+)/g))
      expect(Object.keys(packageJson.scripts)).toContain(script);
    const files = [...commands.matchAll(/(?<![\w/])deploy\/[\w./*-]+/g)].map(([file]) => file);
    expect(files).not.toEqual([]);
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });

  it("makes the secrets that its configuration reads", () => {
    const config = read(
      page.includes("vm")
        ? "deploy/systemd/bridge.config.yaml"
        : "deploy/kubernetes/watch/bridge.config.yaml",
    );
    const secrets = [...config.matchAll(/file:\S+\/([\w-]+)/g)].map(([, name = ""]) => name);
    expect(secrets).not.toEqual([]);
    for (const secret of secrets) expect(commandsOf(page)).toContain(secret);
  });

  it("enters the image and the machine where the command line is, whose options Node leaves alone", () => {
    const entry = /"(\/opt\/\S+cli\.mjs)"/.exec(read("deploy/Containerfile"))?.[1] ?? "";
    for (const [path] of commandsOf(page).matchAll(/\/opt\/\S+\.mjs/g)) expect(path).toBe(entry);
    // Behind the dashes Node leaves --env-file to the command.
    for (const unit of [
      "systemd/dms-task-bridge.service",
      "systemd/dms-task-bridge-poll.service",
      "cron/dms-task-bridge",
    ])
      expect(read(`deploy/${unit}`)).toContain(` -- ${entry} `);
    expect(read("deploy/Containerfile")).toContain(`"--", "${entry}"`);
  });
});
