import { resolve } from "node:path";
import type { GenericSchema } from "valibot";
import { ConfigError, type ConfigIssue } from "../../core/errors.ts";
import { type SinkName, sinkName } from "../../core/names.ts";
import { compileFilter } from "../../filter/filter.ts";
import type { SinkModule } from "../../sinks/sink.ts";
import { fieldsOf, isRecord } from "../../text/json.ts";
import { describeFound } from "../describe-found.ts";
import { fieldName, type Path } from "../path.ts";
import { importModule } from "../read/module.ts";
import { type SinkCommon, sinkCommon } from "../schema.ts";
import { addressIssues } from "./addresses.ts";
import { statusIssues } from "./statuses.ts";
import { nameExpectation } from "./suggest.ts";
import { templateIssues } from "./templates.ts";
import { check, type Place } from "./validate.ts";

/** A checked sink, ready to be created. */
export interface LoadedSink {
  readonly type: string;
  readonly module: SinkModule;
  /** The sink's own options, as its module's schema returned them. */
  readonly options: unknown;
  readonly common: SinkCommon;
}

/** Module loaders by sink type. */
export type SinkTypes = Readonly<Record<string, () => Promise<SinkModule>>>;

/** Dependencies of the check of sinks. */
export interface SinkCheckDeps extends Pick<Place, "origins" | "unresolved"> {
  readonly sinkTypes: SinkTypes;
  /** Base folder of custom sinks' module paths. */
  readonly folder: string;
}

/** The checked sinks and all issues found. */
export interface CheckedSinks {
  readonly sinks: ReadonlyMap<SinkName, LoadedSink>;
  readonly issues: readonly ConfigIssue[];
}

/** Checks each sink: the common options, its own options by its module's schema, its filter and its templates. */
export async function checkSinks(config: unknown, deps: SinkCheckDeps): Promise<CheckedSinks> {
  const sinks = new Map<SinkName, LoadedSink>();
  const issues: ConfigIssue[] = [];
  for (const [name, written] of Object.entries(fieldsOf(fieldsOf(config)["sinks"]))) {
    const checked = await checkSink(fieldsOf(written), ["sinks", name], deps);
    issues.push(...checked.issues);
    if (checked.sink) sinks.set(sinkName(name), checked.sink);
  }
  return { sinks, issues };
}

/**
 * Reduces the configuration to these sinks.
 * @throws ConfigError when one of them is missing
 */
export function sinksOnly(written: unknown, names: readonly string[]): unknown {
  const config = fieldsOf(written);
  const sinks = fieldsOf(config["sinks"]);
  const missing = names.filter((name) => !Object.hasOwn(sinks, name));
  if (missing.length > 0) {
    throw new ConfigError(
      missing.map((name) => ({
        field: `sinks.${name}`,
        found: "nothing",
        expected: "the sink of this function",
      })),
    );
  }
  return { ...config, sinks: Object.fromEntries(names.map((name) => [name, sinks[name]])) };
}

interface CheckedSink {
  readonly sink: LoadedSink | null;
  readonly issues: readonly ConfigIssue[];
}

const commonKeys = ["type", ...Object.keys(sinkCommon.entries)];

async function checkSink(
  written: Readonly<Record<string, unknown>>,
  path: Path,
  { sinkTypes, folder, origins, unresolved }: SinkCheckDeps,
): Promise<CheckedSink> {
  const { type, ...rest } = written;
  // The whole schema has already reported a missing or non-text type.
  if (typeof type !== "string" || type === "") return { sink: null, issues: [] };
  if (unresolved.has(fieldName([...path, "type"]))) return { sink: null, issues: [] };
  const load = Object.hasOwn(sinkTypes, type) ? sinkTypes[type] : undefined;
  if (!load) {
    const field = fieldName([...path, "type"]);
    const expected = nameExpectation("sink type", type, Object.keys(sinkTypes));
    return {
      sink: null,
      issues: [{ field, expected, found: describeFound(type, [...path, "type"], origins) }],
    };
  }
  const [module, own] = await Promise.all([load(), ownOptions(rest, type, path, { folder, unresolved })]);
  const place: Place = { path, origins, unresolved };
  const options = check<GenericSchema>(module.schema, own.options, { ...place, otherKeys: commonKeys });
  const common = check(sinkCommon, rest, place);
  const known = new Set([...options.issues.map(({ field }) => field), ...unresolved.keys()]);
  const issues = [
    ...own.issues,
    ...options.issues.filter(({ field }) => !own.issues.some((issue) => issue.field === field)),
    ...common.issues,
    ...(await filterIssues(rest["filter"], { ...place, path: [...path, "filter"] })),
    ...addressIssues(options.output, path).filter(({ field }) => !unresolved.has(field)),
    ...(await templateIssues(options.repaired, path, origins)).filter(({ field }) => !known.has(field)),
  ];
  if (issues.length > 0 || !common.output) return { sink: null, issues };
  return { sink: { type, module, options: options.output, common: common.output }, issues };
}

interface OwnOptions {
  readonly options: Readonly<Record<string, unknown>>;
  readonly issues: readonly ConfigIssue[];
}

/** A sink's options without the common ones; a custom sink's module replaces its path. */
async function ownOptions(
  written: Readonly<Record<string, unknown>>,
  type: string,
  path: Path,
  { folder, unresolved }: Pick<SinkCheckDeps, "folder" | "unresolved">,
): Promise<OwnOptions> {
  const options = Object.fromEntries(Object.entries(written).filter(([key]) => !commonKeys.includes(key)));
  const file = options["module"];
  const field = fieldName([...path, "module"]);
  if (type !== "custom" || typeof file !== "string" || file === "" || unresolved.has(field))
    return { options, issues: [] };
  try {
    const module = await importModule({ path: resolve(folder, file), field, isConfig: false });
    return { options: { ...options, module }, issues: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { options, issues: error.issues };
  }
}

async function filterIssues(
  filter: unknown,
  { path, origins, unresolved }: Place,
): Promise<readonly ConfigIssue[]> {
  const field = fieldName(path);
  // The common schema has already reported a filter that is not an object.
  if (!isRecord(filter)) return [];
  try {
    compileFilter(filter, field);
    // Most sinks have no filter.
    const { eventFieldIssues } = await import("./event-fields.ts");
    return [...eventFieldIssues(filter, path), ...statusIssues(filter, path)].filter(
      (issue) => !unresolved.has(issue.field) && !origins.has(issue.field),
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const isForeign = origins
      .keys()
      .some((origin) => origin.startsWith(`${field}.`) || origin.startsWith(`${field}[`));
    const known = error.issues.filter((issue) => !unresolved.has(issue.field));
    // The filter's own messages quote it, and it may contain a secret from a variable.
    return isForeign ? known.map((issue) => ({ ...issue, found: "another value" })) : known;
  }
}
