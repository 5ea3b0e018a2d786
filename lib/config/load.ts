import { dirname, resolve } from "node:path";
import { ConfigError } from "../errors.ts";
import type { SinkName } from "../names.ts";
import { sinkTypes as builtInSinkTypes } from "../sinks/index.ts";
import type { SinkModule } from "../sinks/sink.ts";
import { withDefaultCredentials } from "./credentials.ts";
import { type Environment, expand } from "./expand.ts";
import { findConfigFile, readConfigFile } from "./file.ts";
import { resolveReferences, type SecretResolvers, schemesOf } from "./references.ts";
import { type Config, configSchema, type SinkCommon } from "./schema.ts";
import { checkSinks, type SinkTypes } from "./sinks.ts";
import { streamIssues } from "./streams.ts";
import { check } from "./validate.ts";

export interface LoadedSink {
  readonly type: string;
  readonly module: SinkModule;
  /** What the module's schema made of the sink's own options. */
  readonly options: unknown;
  readonly common: SinkCommon;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly sinks: ReadonlyMap<SinkName, LoadedSink>;
  /** Folder of the configuration file; relative paths in it start here. */
  readonly folder: string;
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
}

/**
 * Reads, completes and checks a configuration file; null stands for the one `bridge.config.*` in the folder.
 * @throws ConfigError with everything that is wrong, and no secret in it
 */
export async function loadConfig(file: string | null, deps: LoadDeps): Promise<LoadedConfig> {
  const path = file === null ? findConfigFile(deps.folder) : resolve(deps.folder, file);
  return loadConfigValue(await readConfigFile(path), { ...deps, folder: dirname(path) });
}

/**
 * The same for a configuration that is already a value, as a file would hold it; relative paths start at the folder.
 * @throws ConfigError
 */
export async function loadConfigValue(written: unknown, deps: LoadDeps): Promise<LoadedConfig> {
  const { environment, folder, sinkTypes = builtInSinkTypes, secrets = {} } = deps;
  const expanded = expand(written, { environment, schemes: schemesOf(secrets) });
  const referenceIssues = await resolveReferences(expanded, secrets);
  const completed = withDefaultCredentials(expanded.value, environment);
  const common = check(configSchema, completed.value, { path: [], origins: expanded.origins });
  const sinks = await checkSinks(expanded, { sinkTypes, folder });

  const mistaken = [...expanded.issues, ...referenceIssues];
  // A value that could not be had is one mistake; what the schema thinks of its stand-in is none.
  const known = new Set(mistaken.map(({ field }) => field));
  const issues = [
    ...mistaken,
    ...completed.issues,
    ...[...common.issues, ...sinks.issues].filter(({ field }) => !known.has(field)),
    ...(common.output ? streamIssues(common.output.sources) : []),
  ];
  if (issues.length > 0 || !common.output) throw new ConfigError(issues);
  return { config: common.output, sinks: sinks.sinks, folder };
}
