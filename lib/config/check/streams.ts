import type { ConfigIssue } from "../../core/errors.ts";
import { fieldsOf } from "../../text/json.ts";

/**
 * Refuses a stream that two sources read: they would overwrite each other's checkpoint and emit events twice. Takes
 * sources that are not checked yet.
 */
export function streamIssues(config: unknown): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  /** Project to its instances (`*` for all) and the place where each is first named. */
  const watched = new Map<string, Map<string, string>>();
  const { sources } = fieldsOf(config);
  for (const [index, source] of (Array.isArray(sources) ? sources : []).map(fieldsOf).entries()) {
    const project = JSON.stringify(["engine", "region", "projectId"].map((key) => textOf(source[key])));
    const seen = watched.get(project) ?? new Map<string, string>();
    watched.set(project, seen);
    for (const [instance, field] of instancesOf(source["instances"], `sources[${index}].instances`)) {
      const [whole, same] = [seen.get("*"), seen.get(instance)];
      const other = same ?? whole ?? (instance === "*" ? seen.values().next().value : undefined);
      if (other === undefined) seen.set(instance, field);
      else issues.push({ field, expected: "each instance once", found: `one that ${other} watches too` });
    }
  }
  return issues;
}

/** The instances with the place of each; `*` stands for all. */
function instancesOf(written: unknown, field: string): readonly (readonly [string, string])[] {
  if (written === "all") return [["*", field]];
  if (!Array.isArray(written)) return [];
  return written.flatMap((instance, position) =>
    typeof instance === "string" ? [[instance.trim(), `${field}[${position}]`] as const] : [],
  );
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value.trim() : null);
