import type { Environment } from "../core/environment.ts";
import type { Stream } from "../core/names.ts";
import { fieldsOf } from "../text/json.ts";
import { expand } from "./resolve/expand.ts";

const named = ["engine", "region", "projectId"] as const;

/**
 * Returns whether a configuration watches a stream, from its sources as they are written. A name that is not known, as
 * that of an unset variable, may be any.
 */
export function watchedBy(
  written: unknown,
  environment: Environment,
): (stream: Pick<Stream, (typeof named)[number] | "instanceId">) => boolean {
  const { value, unresolved } = expand(fieldsOf(written)["sources"], { environment, schemes: [] });
  const unknown = new Set(unresolved.map(({ path }) => path.join(" ")));
  const sources = Array.isArray(value) ? value.map(fieldsOf) : null;
  return (stream) =>
    sources === null ||
    sources.some((source, index) => {
      const isNamed = named.every(
        (field) => unknown.has(`${index} ${field}`) || source[field] === stream[field],
      );
      const { instances } = source;
      if (!isNamed || !Array.isArray(instances)) return isNamed;
      return instances.some((id, at) => unknown.has(`${index} instances ${at}`) || id === stream.instanceId);
    });
}
