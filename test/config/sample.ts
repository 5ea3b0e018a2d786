import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { type LoadDeps, loadConfigValue } from "../../lib/config/load.ts";
import { ConfigError, type ConfigIssue } from "../../lib/core/errors.ts";

/** `${NAME}`, as a configuration writes it. */
export const variable = (name: string): string => `\${${name}}`;

export const source = {
  engine: "rabbitmq",
  region: "cn-north-4",
  projectId: "p1",
  instances: ["i1"],
  credentials: { ak: "AK", sk: "SK" },
};

export const sinks = { out: { type: "console" } };

/** The least configuration there is, with changes. */
export const written = (changes: object = {}) => ({ sources: [source], sinks, ...changes });

export const deps: LoadDeps = { environment: {}, folder: "/nowhere" };

export const load = (changes: object = {}, over: Partial<LoadDeps> = {}) =>
  loadConfigValue(written(changes), { ...deps, ...over });

/** What a load that must fail says. */
export async function issuesOf(loading: Promise<unknown>): Promise<readonly ConfigIssue[]> {
  const error = await loading.then(
    () => expect.unreachable("the configuration was accepted"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ConfigError) return error.issues;
  throw error;
}

/** A folder with these files, for one test. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bridge-config-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  return folder;
}
