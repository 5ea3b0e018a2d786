import { dirname, resolve } from "node:path";
import * as v from "valibot";
import type { Environment } from "../core/environment.ts";
import { ConfigError } from "../core/errors.ts";
import type { SinkName } from "../core/names.ts";
import { sinkTypes as builtInSinkTypes } from "../sinks/index.ts";
import { isRecord } from "../text/json.ts";
import { checkSinks, type LoadedSink, type SinkTypes, sinksOnly } from "./check/sinks.ts";
import { streamIssues } from "./check/streams.ts";
import { check } from "./check/validate.ts";
import { findConfigFile, readConfigFile } from "./read/file.ts";
import type { TextSource } from "./read/text-source.ts";
import { withDefaultCredentials } from "./resolve/credentials.ts";
import { expand } from "./resolve/expand.ts";
import { resolveReferences, type SecretResolvers, schemesOf } from "./resolve/references.ts";
import { type Config, configSchema } from "./schema.ts";

/** A checked configuration with its defaults. */
export interface LoadedConfig {
  readonly config: Config;
  readonly sinks: ReadonlyMap<SinkName, LoadedSink>;
  /** The configuration file's folder; relative paths in it start here. */
  readonly folder: string;
}

/** The part of a configuration that delivery needs, without sources. */
export interface LoadedSinks extends Pick<LoadedConfig, "sinks" | "folder"> {
  readonly config: Pick<Config, "delivery">;
}

/** Dependencies of the loader. */
export interface LoadDeps {
  /** Values of `${NAME}`, and default credentials. */
  readonly environment: Environment;
  /** Where the file is looked for and its relative path starts. */
  readonly folder: string;
  /** @default the built-in types */
  readonly sinkTypes?: SinkTypes;
  /** Resolvers by scheme (`ssm`). @default none */
  readonly secrets?: SecretResolvers;
  /** Only these sinks are checked; other sinks' options and secrets are not read. @default all */
  readonly sinks?: readonly string[];
}

/**
 * Reads and checks a configuration file and fills in defaults; null means the one `bridge.config.*` in the folder.
 * @throws ConfigError with every issue, and without secrets
 */
export async function loadConfig(file: string | null, deps: LoadDeps): Promise<LoadedConfig> {
  const { value, source, folder } = await read(file, deps);
  return withPlace(source, () => loadConfigValue(value, { ...deps, folder }));
}

/**
 * Checks a configuration that is already a value and fills in defaults; relative paths start at the folder.
 * @throws ConfigError
 */
export async function loadConfigValue(written: unknown, deps: LoadDeps): Promise<LoadedConfig> {
  const { sinks, ...checked } = await checkedWith(configSchema, written, deps);
  const issues = [...checked.issues, ...(checked.output ? streamIssues(checked.output.sources) : [])];
  if (issues.length > 0 || !checked.output) throw new ConfigError(issues);
  return { config: checked.output, sinks, folder: deps.folder };
}

/**
 * Loads only the sinks of a configuration file, for a function that only delivers.
 * @throws ConfigError
 */
export async function loadSinks(file: string | null, deps: LoadDeps): Promise<LoadedSinks> {
  const { value, source, folder } = await read(file, deps);
  const parts = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const needed = Object.fromEntries(parts.filter(([key]) => Object.hasOwn(sinksSchema.entries, key)));
  return withPlace(source, async () => {
    const { output, sinks, issues } = await checkedWith(sinksSchema, needed, { ...deps, folder });
    if (issues.length > 0 || !output) throw new ConfigError(issues);
    return { config: output, sinks, folder };
  });
}

/** Adds each issue's place in the file. The parser with positions is loaded only then. */
async function withPlace<Loaded>(source: TextSource | null, load: () => Promise<Loaded>): Promise<Loaded> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof ConfigError) || source === null) throw error;
    const { placesOf } = await import("./read/places.ts");
    throw new ConfigError(error.issues, { cause: error.cause, places: placesOf(error.issues, source) });
  }
}

const sinksSchema = v.pick(configSchema, ["delivery", "sinks"]);

async function read(file: string | null, deps: LoadDeps) {
  const path = file === null ? findConfigFile(deps.folder) : resolve(deps.folder, file);
  return { ...(await readConfigFile(path)), folder: dirname(path) };
}

/** Removes keys that begin with `x-`, which are the user's own, such as anchors to merge. */
function withoutExtensions(written: unknown): unknown {
  if (!isRecord(written)) return written;
  return Object.fromEntries(Object.entries(written).filter(([key]) => !key.startsWith("x-")));
}

async function checkedWith<Schema extends v.GenericSchema>(schema: Schema, written: unknown, deps: LoadDeps) {
  const { environment, folder, sinkTypes = builtInSinkTypes, secrets = {} } = deps;
  const own = withoutExtensions(written);
  const chosen = deps.sinks ? sinksOnly(own, deps.sinks) : own;
  const expanded = expand(chosen, { environment, schemes: schemesOf(secrets) });
  const referenceIssues = await resolveReferences(expanded, secrets);
  const completed = withDefaultCredentials(expanded.value, environment);
  const common = check(schema, completed.value, { path: [], origins: expanded.origins });
  const { sinks, issues } = await checkSinks(expanded, { sinkTypes, folder });

  const mistaken = [...expanded.issues, ...referenceIssues];
  // A value that could not be resolved is one issue; issues of its placeholder are dropped.
  const known = new Set(mistaken.map(({ field }) => field));
  return {
    output: common.output,
    sinks,
    issues: [
      ...mistaken,
      ...completed.issues,
      ...[...common.issues, ...issues].filter(({ field }) => !known.has(field)),
    ],
  };
}
