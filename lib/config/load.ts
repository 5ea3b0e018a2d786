import { dirname, resolve } from "node:path";
import * as v from "valibot";
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
import { type Environment, expand } from "./resolve/expand.ts";
import { resolveReferences, type SecretResolvers, schemesOf } from "./resolve/references.ts";
import { type Config, configSchema } from "./schema.ts";

export interface LoadedConfig {
  readonly config: Config;
  readonly sinks: ReadonlyMap<SinkName, LoadedSink>;
  /** Folder of the configuration file; relative paths in it start here. */
  readonly folder: string;
}

/** What is needed to deliver, and nothing of where events come from. */
export interface LoadedSinks extends Pick<LoadedConfig, "sinks" | "folder"> {
  readonly config: Pick<Config, "delivery">;
}

export interface LoadDeps {
  /** What `${NAME}` means, and where default credentials are. */
  readonly environment: Environment;
  /** Where the file is looked for, and where its relative path starts. */
  readonly folder: string;
  /** The built-in ones where left out. */
  readonly sinkTypes?: SinkTypes;
  /** Scheme (`ssm`) to what reads such a reference; none where left out. */
  readonly secrets?: SecretResolvers;
  /** The only sinks that count: the others' options are not looked at, and their secrets not asked for. */
  readonly sinks?: readonly string[];
}

/**
 * Reads, completes and checks a configuration file; null stands for the one `bridge.config.*` in the folder.
 * @throws ConfigError with everything that is wrong, and no secret in it
 */
export async function loadConfig(file: string | null, deps: LoadDeps): Promise<LoadedConfig> {
  const { value, source, folder } = await read(file, deps);
  return withPlace(source, () => loadConfigValue(value, { ...deps, folder }));
}

/**
 * The same for a configuration that is already a value, as a file would hold it; relative paths start at the folder.
 * @throws ConfigError
 */
export async function loadConfigValue(written: unknown, deps: LoadDeps): Promise<LoadedConfig> {
  const { sinks, ...checked } = await checkedWith(configSchema, written, deps);
  const issues = [...checked.issues, ...(checked.output ? streamIssues(checked.output.sources) : [])];
  if (issues.length > 0 || !checked.output) throw new ConfigError(issues);
  return { config: checked.output, sinks, folder: deps.folder };
}

/**
 * The sinks of a configuration file alone, for a function that only delivers.
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

/** Adds to each mistake where it stands in the file. The parser that knows is loaded only then. */
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

/** Keys that begin with `x-` are the user's own, such as anchors to merge. */
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
  // A value that could not be had is one mistake; what the schema thinks of its stand-in is none.
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
