import type { CloudEvent } from "../change/event.ts";
import { type MatchResult, matchPattern, strongest } from "./evaluate.ts";
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
    matches: (event) => matchPattern(root, event).match !== "no",
    explain: (event) => {
      const result = matchPattern(root, event);
      return { matches: result.match !== "no", checks: checksOf(result, "") };
    },
  };
}

function checksOf(result: MatchResult, path: string): readonly Check[] {
  switch (result.kind) {
    case "leaf": {
      const { node, value, by } = result;
      const [passed, text] = [by !== null, by?.text ?? null];
      return [{ field: path, expected: node.text, found: shortJson(value), passed, by: text }];
    }
    case "fields": {
      const under = (name: string): string => (path === "" ? name : `${path}.${name}`);
      return [
        ...result.fields.flatMap(([name, inner]) => checksOf(inner, under(name))),
        ...deciding(result.branches).flatMap(([index, inner]) => checksOf(inner, under(`$or[${index}]`))),
      ];
    }
    case "list": {
      // One element is enough only when a value is present: by absence all must match.
      const all = [...result.elements.entries()];
      const decisive = result.match === "present" ? deciding(result.elements) : all;
      return decisive.flatMap(([index, inner]) => checksOf(inner, `${path}[${index}]`));
    }
    default:
      return result satisfies never;
  }
}

/** Of outcomes of which one is enough: that one, or all of them when none matches. */
function deciding(
  results: readonly MatchResult[],
): readonly (readonly [index: number, result: MatchResult])[] {
  const enough = strongest(results);
  return [...results.entries()].filter(([, result]) => enough === undefined || result === enough);
}
