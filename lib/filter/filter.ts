import type { CloudEvent } from "../change/event.ts";
import { judge, type MatchResult, strongest } from "./evaluate.ts";
import { compilePattern, shortJson } from "./pattern.ts";

/** A sink's filter: a compiled EventBridge event pattern. */
export interface Filter {
  matches(event: CloudEvent): boolean;
  explain(event: CloudEvent): Explanation;
}

/** Why an event matches or not. */
export interface Explanation {
  readonly matches: boolean;
  /**
   * The fields that decided. For a match: all fields, and for each `$or` and list only what was enough. For a mismatch:
   * every field tested, in all branches and elements.
   */
  readonly checks: readonly Check[];
}

/** One field of the pattern, compared with the event. */
export interface Check {
  /** Dotted path in the event; prefixed `$or[0].` in a branch, with `[0]` in an element of a list. */
  readonly field: string;
  /** The pattern of the field, as JSON. */
  readonly expected: string;
  /** The event's value as JSON, shortened; `nothing` when it has none. */
  readonly found: string;
  readonly passed: boolean;
  /** The pattern's value or operator that passed, as JSON; null when none did. */
  readonly by: string | null;
}

/**
 * Compiles a filter. `field` is the pattern's place in the configuration, for messages.
 * @throws ConfigError with every mistake in the pattern
 */
export function compileFilter(pattern: unknown, field = "filter"): Filter {
  const root = compilePattern(pattern, field);
  return {
    matches: (event) => judge(root, event).match !== "no",
    explain: (event) => {
      const verdict = judge(root, event);
      return { matches: verdict.match !== "no", checks: checksOf(verdict, "") };
    },
  };
}

function checksOf(verdict: MatchResult, path: string): readonly Check[] {
  switch (verdict.kind) {
    case "leaf": {
      const { node, value, by } = verdict;
      const [passed, text] = [by !== null, by?.text ?? null];
      return [{ field: path, expected: node.text, found: shortJson(value), passed, by: text }];
    }
    case "fields": {
      const under = (name: string): string => (path === "" ? name : `${path}.${name}`);
      return [
        ...verdict.fields.flatMap(([name, inner]) => checksOf(inner, under(name))),
        ...deciding(verdict.branches).flatMap(([index, inner]) => checksOf(inner, under(`$or[${index}]`))),
      ];
    }
    case "list": {
      // One element is enough only when a value is present: by absence all must match.
      const all = [...verdict.elements.entries()];
      const decisive = verdict.match === "present" ? deciding(verdict.elements) : all;
      return decisive.flatMap(([index, inner]) => checksOf(inner, `${path}[${index}]`));
    }
    default:
      return verdict satisfies never;
  }
}

/** Of outcomes of which one is enough: that one, or all of them when none matches. */
function deciding(
  verdicts: readonly MatchResult[],
): readonly (readonly [index: number, verdict: MatchResult])[] {
  const enough = strongest(verdicts);
  return [...verdicts.entries()].filter(([, verdict]) => enough === undefined || verdict === enough);
}
