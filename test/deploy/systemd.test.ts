import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../lib/config/load.ts";

const folder = fileURLToPath(new URL("../../deploy/systemd", import.meta.url));
const units = readdirSync(folder).filter((file) => /\.(service|timer)$/.test(file));
const services = units.filter((file) => file.endsWith(".service"));
const analyze = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  return { status, said: stdout + stderr };
};

describe("deploy/systemd", () => {
  it.each(units)("has in %s a unit without a fault", (unit) => {
    expect(analyze("verify", "--man=no", join(folder, unit))).toEqual({ status: 0, said: "" });
  });

  it.each(services)("exposes in %s next to nothing of the machine", (unit) => {
    const { status, said } = analyze("security", "--offline=true", "--threshold=20", join(folder, unit));
    expect(status, said.split("\n").at(-2)).toBe(0);
  });

  it.each(services)("takes in %s an end by SIGTERM for none that failed", (unit) => {
    expect(readFileSync(join(folder, unit), "utf8")).toContain("\nSuccessExitStatus=143\n");
  });

  it("has a configuration that loads, of the credentials that the services hand over", async () => {
    const home = mkdtempSync(join(tmpdir(), "bridge-credentials-"));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const asked: string[] = [];
    const file = async (reference: string) => {
      asked.push(reference.slice(`file:${home}/`.length));
      return "https://hooks.example.com/x";
    };
    const environment = { CREDENTIALS_DIRECTORY: home };
    await loadConfig("bridge.config.yaml", { environment, folder, secrets: { file } });
    for (const service of services) {
      const unit = readFileSync(join(folder, service), "utf8");
      const handed = [...unit.matchAll(/^LoadCredential=([\w-]+):/gm)].map(([, name]) => name);
      expect(handed.toSorted()).toEqual(asked.toSorted());
    }
  });
});
