import type { ConfigIssue } from "../../core/errors.ts";
import type { SourceConfig } from "../schema.ts";

/** Refuses a stream that two sources read: they would overwrite each other's checkpoint and emit events twice. */
export function streamIssues(sources: readonly SourceConfig[]): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  /** Project to its instances (`*` for all) and the place where each is first named. */
  const watched = new Map<string, Map<string, string>>();
  for (const [index, source] of sources.entries()) {
    const project = JSON.stringify([source.engine, source.region, source.projectId]);
    const seen = watched.get(project) ?? new Map<string, string>();
    watched.set(project, seen);
    const named = source.instances === "all" ? ["*"] : source.instances;
    for (const [position, instance] of named.entries()) {
      const field = `sources[${index}].instances${source.instances === "all" ? "" : `[${position}]`}`;
      const [whole, same] = [seen.get("*"), seen.get(instance)];
      const other = same ?? whole ?? (instance === "*" ? seen.values().next().value : undefined);
      if (other === undefined) seen.set(instance, field);
      else issues.push({ field, expected: "each instance once", found: `one that ${other} watches too` });
    }
  }
  return issues;
}
