import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { buildArtifact } from "./container.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const osls = createRequire(import.meta.url).resolve("osls/bin/serverless.js");

/** What makes DynamoDB answer who is busy. */
export const activityIndex = {
  IndexName: "activity",
  KeySchema: [
    { AttributeName: "activityPart", KeyType: "HASH" },
    { AttributeName: "activeMs", KeyType: "RANGE" },
  ],
  Projection: { ProjectionType: "KEYS_ONLY" },
};

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}
interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
}
export interface Stack {
  /** As JSON. */
  readonly template: string;
  readonly resources: Readonly<Record<string, Resource>>;
  /** The functions that `osls package` puts into the artifact, and those whose parts it does. */
  readonly functions: readonly string[];
  readonly parts: readonly string[];
  ofType(type: string): readonly Resource[];
  /** The only one of its type. */
  only(type: string): Resource;
  named(name: string): Resource;
}

/** The CloudFormation that `osls package` makes of a stack's file, offline. */
export function packagedStack(file: string): Stack {
  const folder = mkdtempSync(join(tmpdir(), "bridge-stack-"));
  try {
    buildArtifact(join(folder, "dist/lambda"));
    copyFileSync(join(root, file), join(folder, file));
    const args = [osls, "package", "--config", file, "--package", "out"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: "utf8",
      // No credentials, and no network but a proxy that does not exist.
      env: { PATH: process.env["PATH"], HOME: folder, HTTPS_PROXY: "http://127.0.0.1:1" },
    });
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining("Service packaged")]);
    expect(stdout + stderr).not.toMatch(/invalid configuration|warning|deprecat/i);
    const template = readFileSync(join(folder, "out/cloudformation-template-update-stack.json"), "utf8");
    const { service } = JSON.parse(readFileSync(join(folder, "out/serverless-state.json"), "utf8")) as {
      service: { service: string };
    };
    const zip = readFileSync(join(folder, `out/${service.service}.zip`));
    return stackOf(template, zip);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function stackOf(template: string, zip: Buffer): Stack {
  const { Resources: resources } = JSON.parse(template) as { readonly Resources: Stack["resources"] };
  const ofType = (type: string) => Object.values(resources).filter(({ Type }) => Type === type);
  return {
    template,
    resources,
    functions: namesIn(zip, /^dist\/lambda\/(\w+)\.mjs$/),
    parts: namesIn(zip, /^dist\/lambda\/parts\/(\w+)\//),
    ofType,
    only: (type) => {
      const [found, ...others] = ofType(type);
      if (!found || others.length > 0) throw new Error(`not one ${type}`);
      return found;
    },
    named: (name) => {
      const found = resources[name];
      if (!found) throw new Error(`no resource is called ${name}`);
      return found;
    },
  };
}

/** What the pattern's group is in a zip's file names, each once. */
const namesIn = (zip: Buffer, pattern: RegExp): readonly string[] =>
  [...new Set(fileNames(zip).flatMap((file) => pattern.exec(file)?.[1] ?? []))].toSorted();

/** The names in a zip's central directory. */
function fileNames(zip: Buffer): readonly string[] {
  const names: string[] = [];
  const signature = Buffer.from("PK\u0001\u0002");
  for (let at = zip.indexOf(signature); at >= 0; at = zip.indexOf(signature, at + 46)) {
    names.push(zip.toString("utf8", at + 46, at + 46 + zip.readUInt16LE(at + 28)));
  }
  return names;
}

/** Every object in a value that looks like a statement of a policy. */
export function statements(value: unknown): readonly Statement[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "Effect" in value && "Action" in value ? [value as Statement] : [];
  return [...own, ...Object.values(value).flatMap(statements)];
}

/** No statement of a stack allows an action or a resource by a wildcard. */
export function expectNoWildcard({ resources }: Stack): void {
  const allowed = statements(resources).filter(({ Effect }) => Effect === "Allow");
  expect(allowed.length).toBeGreaterThan(4);
  for (const { Action, Resource } of allowed) {
    expect([Action].flat().join()).toMatch(/^[a-zA-Z:,]+$/);
    expect(JSON.stringify(Resource) ?? "").not.toContain("*");
  }
}

/** What a dashboard draws: namespace, metric and dimension of each line, with its dots filled in. */
export function drawnMetrics(stack: Stack): readonly (readonly string[])[] {
  const body = stack.only("AWS::CloudWatch::Dashboard").Properties["DashboardBody"] as { "Fn::Sub": string };
  const { widgets } = JSON.parse(body["Fn::Sub"]) as {
    widgets: { properties: { metrics: string[][] } }[];
  };
  return widgets.flatMap(({ properties }) => {
    let above: readonly string[] = [];
    return properties.metrics.map((line) => {
      above = line.slice(0, 4).map((part, index) => (part === "." ? (above[index] ?? "") : part));
      return above;
    });
  });
}

/** Names of the resources that a policy refuses every request to that is not encrypted on the way. */
export function refusedWithoutTls({ resources }: Stack): readonly string[] {
  const denied = { Effect: "Deny", Principal: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } };
  return Object.values(resources)
    .filter(({ Type }) => /Policy$/.test(Type))
    .flatMap(({ Properties }) => {
      const isRefused = statements(Properties).some((statement) =>
        Object.entries(denied).every(
          ([key, value]) => JSON.stringify(Reflect.get(statement, key)) === JSON.stringify(value),
        ),
      );
      const refs = [Properties["Queues"], Properties["Topics"]].flat() as readonly { Ref?: string }[];
      return isRefused ? refs.flatMap((ref) => ref?.Ref ?? []) : [];
    })
    .toSorted();
}
