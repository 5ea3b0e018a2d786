import { type LoadDeps, loadOfflineSinks, type ReadConfig } from "../config/load.ts";
import { ConfigError, type ConfigIssue } from "../core/errors.ts";
import type { SinkName } from "../core/names.ts";
import { compileFilter, type Filter } from "../filter/filter.ts";

/** The filter of one sink, read without secrets; null takes every event. @throws ConfigError */
export async function offlineFilter(
  read: ReadConfig,
  sink: SinkName,
  deps: LoadDeps,
): Promise<Filter | null> {
  const { sinks, unresolved } = await loadOfflineSinks(read, { ...deps, sinks: [sink] });
  requireWholeFilters(unresolved);
  const filter = sinks.get(sink)?.common.filter;
  return filter ? compileFilter(filter, `sinks.${sink}.filter`) : null;
}

/** @throws ConfigError for a filter whose value is not known */
export function requireWholeFilters(unresolved: readonly ConfigIssue[]): void {
  const missing = unresolved.filter(({ field }) => /^sinks\.[^.]+\.filter\b/.test(field));
  if (missing.length > 0) throw new ConfigError(missing);
}
