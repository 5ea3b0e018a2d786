import type { Environment } from "../../core/environment.ts";
import type { ConfigIssue } from "../../core/errors.ts";
import { accessKeyIn, accessKeyVariables } from "../../huawei/access-key.ts";
import { isRecord } from "../../text/json.ts";

const expected = "credentials, or the environment variables HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK";

/** Gives sources without credentials those of the environment; `config` is the unchecked configuration. */
export function withDefaultCredentials(
  config: unknown,
  environment: Environment,
): { readonly value: unknown; readonly issues: readonly ConfigIssue[] } {
  if (!isRecord(config) || !Array.isArray(config["sources"])) return { value: config, issues: [] };
  const sources: readonly unknown[] = config["sources"];
  const credentials = accessKeyIn(environment);
  const lacks = (source: unknown) => isRecord(source) && source["credentials"] === undefined;
  if (credentials) {
    const completed = sources.map((source) =>
      isRecord(source) && lacks(source) ? { ...source, credentials } : source,
    );
    return { value: { ...config, sources: completed }, issues: [] };
  }
  const halves = accessKeyVariables.flat().filter((name) => environment[name]);
  const found = halves.length === 0 ? "neither" : `only ${halves.join(" and ")}`;
  const issues = sources.flatMap((source, index) =>
    lacks(source) ? [{ field: `sources[${index}].credentials`, expected, found }] : [],
  );
  return { value: config, issues };
}
