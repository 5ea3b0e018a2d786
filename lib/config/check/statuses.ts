import { statuses } from "../../change/task.ts";
import type { ConfigIssue } from "../../core/errors.ts";
import { isRecord } from "../../text/json.ts";
import { fieldName, type Path } from "../path.ts";
import { suggest } from "./suggest.ts";

/** Fields of an event that hold a status. */
const statusFields: ReadonlySet<string> = new Set(["data.change.to", "data.change.from", "data.task.status"]);
/** Statuses of events alone. */
const own = ["OVERDUE", "VANISHED", "UNREADABLE", "RECOVERED"];
const names = [...statuses, ...own];
/** The API may have other statuses; only what looks like a slip of the pen is refused. */
const maxEdits = 2;

/** Statuses in a filter that are close to a known one and none: such a filter would take no event. */
export function* statusIssues(
  pattern: unknown,
  path: Path,
  below: readonly string[] = [],
): Generator<ConfigIssue> {
  if (!isRecord(pattern)) return;
  for (const [key, value] of Object.entries(pattern)) {
    const at = [...path, key];
    if (key === "$or" && Array.isArray(value))
      for (const [index, branch] of value.entries()) yield* statusIssues(branch, [...at, index], below);
    else if (isRecord(value)) yield* statusIssues(value, at, [...below, key]);
    else if (Array.isArray(value) && statusFields.has([...below, key].join(".")))
      for (const [index, written] of value.entries()) {
        const meant =
          typeof written === "string" && !names.includes(written) ? suggest(written, names, maxEdits) : null;
        if (meant !== null)
          yield {
            field: fieldName([...at, index]),
            expected: `a known status (did you mean ${meant}?)`,
            found: JSON.stringify(written),
          };
      }
  }
}
