import { dirname, resolve } from "node:path";
import * as v from "valibot";
import type { Environment } from "../core/environment.ts";
import { ConfigError, type ConfigIssue } from "../core/errors.ts";
import { type SinkName, type Stream, sinkName } from "../core/names.ts";
import { accessKeyVariables } from "../huawei/access-key.ts";
import { sinkTypes as builtInSinkTypes } from "../sinks/index.ts";
import { fieldsOf, isRecord } from "../text/json.ts";
import { checkSinks, type LoadedSink, type SinkTypes, sinksOnly } from "./check/sinks.ts";
import { streamIssues } from "./check/streams.ts";
import { check } from "./check/validate.ts";
import { fieldName } from "./path.ts";
import { findConfigFile, readConfigFile, type Written } from "./read/file.ts";
import type { TextSource } from "./read/text-source.ts";
import { withDefaultCredentials } from "./resolve/credentials.ts";
import { expand } from "./resolve/expand.ts";
import {
  resolveReferences,
  type SecretResolvers,
  schemesOf,
  unreadReferences,
} from "./resolve/references.ts";
import { type Config, configSchema } from "./schema.ts";
import { watchedBy } from "./watched.ts";

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

/** The part of a configuration that says where records are, the sinks' names, and which streams are watched. */
export interface LoadedStore extends Pick<LoadedConfig, "folder"> {
  readonly config: Pick<Config, "checkpoint" | "journal">;
  readonly sinks: readonly SinkName[];
  /** Whether a source watches a stream, as far as its names are known without a secret. */
  readonly watches: (stream: Stream) => boolean;
}

/** Dependencies of the loader. */
export interface LoadDeps {
  /** Values of `${NAME}`, and default credentials. */
  readonly environment: Environment;
  /** The file is looked for here, and relative paths start here. */
  readonly folder: string;
  /** @default the built-in types */
  readonly sinkTypes?: SinkTypes;
  /** Resolvers by scheme (`ssm`). @default none */
  readonly secrets?: SecretResolvers;
  /** Only these sinks are checked; other sinks' options and secrets are not read. @default all */
  readonly sinks?: readonly string[];
}

/** A configuration that was read and is not checked yet. */
export interface ReadConfig extends Written {
  readonly folder: string;
}

/**
 * Reads a configuration file without checking it; null means the one `bridge.config.*` in the folder.
 * @throws ConfigError
 */
export async function readConfig(file: string | null, folder: string): Promise<ReadConfig> {
  const path = file === null ? findConfigFile(folder) : resolve(folder, file);
  return { ...(await readConfigFile(path)), folder: dirname(path) };
}

/**
 * Reads and checks a configuration file and fills in defaults; null means the one `bridge.config.*` in the folder.
 * @throws ConfigError with every issue, and without secrets
 */
export const loadConfig = async (file: string | null, deps: LoadDeps): Promise<LoadedConfig> =>
  loadReadConfig(await readConfig(file, deps.folder), deps);

/** Checks a configuration that was read and fills in defaults. @throws ConfigError */
export const loadReadConfig = (
  { value, source, folder }: ReadConfig,
  deps: LoadDeps,
): Promise<LoadedConfig> => withPlace(source, () => loadConfigValue(value, { ...deps, folder }));

/**
 * Checks a configuration that is already a value and fills in defaults; relative paths start at the folder.
 * @throws ConfigError
 */
export async function loadConfigValue(written: unknown, deps: LoadDeps): Promise<LoadedConfig> {
  const { output, sinks, issues } = await checkedWith(configSchema, written, deps);
  if (issues.length > 0 || !output) throw new ConfigError(issues);
  return { config: output, sinks, folder: deps.folder };
}

/**
 * Loads only the sinks of a configuration file, for a function that only delivers.
 * @throws ConfigError
 */
export const loadSinks = async (file: string | null, deps: LoadDeps): Promise<LoadedSinks> =>
  loadReadSinks(await readConfig(file, deps.folder), deps);

/** Loads only the sinks of a configuration that was read. @throws ConfigError */
export const loadReadSinks = (read: ReadConfig, deps: LoadDeps): Promise<LoadedSinks> =>
  loadPart(sinksSchema, read, deps);

/** Loads all but the sinks, whose options and secrets are not read. @throws ConfigError */
export async function loadWithoutSinks(read: ReadConfig, deps: LoadDeps): Promise<LoadedConfig> {
  const loaded = await loadPart(withoutSinksSchema, read, deps);
  return { ...loaded, config: { ...loaded.config, sinks: {} } };
}

/** Loads where records are: no key of a source or a sink is read. @throws ConfigError */
export async function loadStore(read: ReadConfig, deps: LoadDeps): Promise<LoadedStore> {
  const loaded = await loadPart(storeSchema, read, deps);
  const sinks = Object.keys(fieldsOf(fieldsOf(read.value)["sinks"])).map(sinkName);
  return { ...loaded, sinks, watches: watchedBy(read.value, deps.environment) };
}

/** Sinks whose unset variables and references are replaced by placeholders. */
export interface OfflineSinks extends Pick<LoadedConfig, "sinks"> {
  /** Each value that is not known. */
  readonly unresolved: readonly ConfigIssue[];
}

/** Loads only the sinks of a configuration that was read, without secrets. @throws ConfigError */
export const loadOfflineSinks = (
  { value, source, folder }: ReadConfig,
  deps: LoadDeps,
): Promise<OfflineSinks> =>
  withPlace(source, async () => {
    const offline = { ...deps, folder, offline: true };
    const { sinks, issues, unresolved } = await checkedWith(sinksSchema, partOf(value, sinksSchema), offline);
    if (issues.length > 0) throw new ConfigError(issues);
    return { sinks, unresolved: unresolved.flatMap((text) => text.issues) };
  });

/**
 * Checks the whole of a configuration that was read, without secrets: unset variables and references pass where some
 * text would. Returns the names of those variables, and the references.
 * @throws ConfigError with every issue
 */
export const checkConfig = (
  { value, source, folder }: ReadConfig,
  deps: LoadDeps,
): Promise<readonly string[]> =>
  withPlace(source, async () => {
    const checked = await checkedWith(configSchema, value, { ...deps, folder, offline: true });
    if (checked.issues.length > 0) throw new ConfigError(checked.issues);
    return [...new Set([...checked.unresolved.flatMap(({ needs }) => needs), ...checked.keys])];
  });

/** Adds each issue's place in the file. The parser with positions is loaded only then. */
async function withPlace<Loaded>(source: TextSource | null, load: () => Promise<Loaded>): Promise<Loaded> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof ConfigError) || source === null) throw error;
    const { placed } = await import("./read/places.ts");
    throw placed(error, source);
  }
}

const sinksSchema = v.pick(configSchema, ["delivery", "sinks"]);
const storeSchema = v.pick(configSchema, ["checkpoint", "journal"]);
const withoutSinksSchema = v.omit(configSchema, ["sinks"]);

/** The written parts that a schema knows. */
const partOf = (written: unknown, { entries }: { readonly entries: object }): unknown =>
  Object.fromEntries(Object.entries(fieldsOf(written)).filter(([key]) => Object.hasOwn(entries, key)));

/** Loads the written parts that a schema knows. @throws ConfigError */
const loadPart = <Schema extends v.GenericSchema & { readonly entries: object }>(
  schema: Schema,
  { value, source, folder }: ReadConfig,
  deps: LoadDeps,
) =>
  withPlace(source, async () => {
    const { output, sinks, issues } = await checkedWith(schema, partOf(value, schema), { ...deps, folder });
    if (issues.length > 0 || !output) throw new ConfigError(issues);
    return { config: output, sinks, folder };
  });

/** Dependencies of a check. */
interface CheckDeps extends LoadDeps {
  /** Nothing is fetched; unset variables and references pass where some text would. @default false */
  readonly offline?: boolean;
}

/** Removes keys that begin with `x-`, which are the user's own, such as anchors to merge. */
function withoutExtensions(written: unknown): unknown {
  if (!isRecord(written)) return written;
  return Object.fromEntries(Object.entries(written).filter(([key]) => !key.startsWith("x-")));
}

async function checkedWith<Schema extends v.GenericSchema>(
  schema: Schema,
  written: unknown,
  deps: CheckDeps,
) {
  const { environment, folder, sinkTypes = builtInSinkTypes, secrets = {}, offline = false } = deps;
  const own = withoutExtensions(written);
  const chosen = deps.sinks ? sinksOnly(own, deps.sinks) : own;
  const expanded = expand(chosen, { environment, schemes: schemesOf(secrets) });
  const unread = offline ? unreadReferences(expanded) : await resolveReferences(expanded, secrets);
  const unknown = [...expanded.unresolved, ...unread];
  const completed = withDefaultCredentials(expanded.value, environment);
  const place = {
    path: [],
    origins: expanded.origins,
    unresolved: new Map(unknown.map((text) => [fieldName(text.path), text])),
  };
  const common = check(schema, completed.value, place);
  const { sinks, issues } = await checkSinks(expanded.value, { ...place, sinkTypes, folder });
  return {
    output: common.output,
    sinks,
    unresolved: unknown,
    /** Variables of the access key, where a source needs them and they are not set. */
    keys: completed.issues.length > 0 ? accessKeyVariables[0] : [],
    issues: [
      ...expanded.issues,
      ...(offline ? [] : [...unknown.flatMap(({ issues }) => issues), ...completed.issues]),
      ...common.issues,
      ...streamIssues(expanded.value),
      ...issues,
    ],
  };
}
