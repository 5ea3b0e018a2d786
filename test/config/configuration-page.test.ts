import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { optionSections } from "../../build/docs/fields.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { makeCertificate } from "../services/certificate.ts";
import { folderWith } from "./sample.ts";

const page = await readFile(new URL("../../docs/configuration.md", import.meta.url), "utf8");
const snippets = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
  ([, language = "", text = ""]) => [language, text] as const,
);
const library = new URL("../../lib/index.ts", import.meta.url).href;

const environment = {
  HUAWEICLOUD_SDK_AK: "AK",
  HUAWEICLOUD_SDK_SK: "SK",
  HUAWEICLOUD_SDK_PROJECT_ID: "p1",
  WEBHOOK_SECRET: `whsec_${Buffer.alloc(32).toString("base64")}`,
  REGION: "cn-north-4",
  STAGE: "prod",
  IAM_TOKEN: "token",
  PROXY_PASSWORD: "password",
};
const read = async () => "secret";
const folder = await mkdtemp(join(tmpdir(), "bridge-page-"));
const certificate = await makeCertificate(folder, "DNS:localhost").finally(() =>
  rm(folder, { recursive: true }),
);
const readPem = async (path: string) => (path.endsWith("key") ? certificate.key : certificate.cert);

describe("docs/configuration.md", () => {
  it("has every option in its index, with a link to where it stands", async () => {
    const [, index = ""] = page.split("## All options, A to Z");
    for (const { name, tables } of await optionSections()) {
      for (const [option = ""] of tables.flat()) {
        const row = index.split("\n").find((line) => line.startsWith(`| ${option} `)) ?? "";
        expect(row, `${option} of ${name}`).toMatch(name.startsWith("sink ") ? /sinks/ : `[${name}](#`);
      }
    }
  });

  it("has snippets in every format", () => {
    expect(new Set(snippets.map(([language]) => language))).toEqual(new Set(["yaml", "json", "ts"]));
  });

  it.each(snippets)("has %s that loads: %s", async (language, text) => {
    const name = `bridge.config.${language}`;
    const folder = await folderWith({ [name]: text.replace('"dms-task-bridge"', JSON.stringify(library)) });
    const loaded = await loadConfig(null, {
      environment,
      folder,
      secrets: { ssm: read, secretsmanager: read, file: readPem },
    });
    expect(loaded.sinks.size).toBeGreaterThan(0);
  });

  it("says the same in YAML, JSON and TypeScript", async () => {
    const configs = await Promise.all(
      ["yaml", "json", "ts"].map(async (language) => {
        const [, text = ""] = snippets.find(([each]) => each === language) ?? [];
        const name = `bridge.config.${language}`;
        const folder = await folderWith({
          [name]: text.replace('"dms-task-bridge"', JSON.stringify(library)),
        });
        const { config } = await loadConfig(null, { environment, folder });
        return { ...config, $schema: null };
      }),
    );
    expect(configs).toEqual(Array(3).fill(configs[0]));
  });
});
