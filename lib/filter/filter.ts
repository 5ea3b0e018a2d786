import type { CloudEvent } from "../change/event.ts";
import { judge, type Outcome, strongest } from "./evaluate.ts";
import { compilePattern, shortJson } from "./pattern.ts";

/** A sink's filter: an EventBridge event pattern, compiled. */
export interface Filter {
  matches(event: CloudEvent): boolean;
  explain(event: CloudEvent): Explanation;
}

/** Why an event matches, or not. */
export interface Explanation {
  readonly matches: boolean;
  /**
   * The fields that decided. Of a match: all have passed, and of each `$or` and each list only what was enough. Of a miss:
   * whatever was asked, in every branch and element.
   */
  readonly checks: readonly Check[];
}

/** One field of the pattern, held against the event. */
export interface Check {
  /** Dotted path in the event; `$or[0].` where a branch asks for it, `[0]` where an element of a list does. */
  readonly field: string;
  /** The pattern there, as JSON. */
  readonly expected: string;
  /** The event's value there as JSON, shortened; `nothing` where it has none. */
  readonly found: string;
  readonly passed: boolean;
  /** The value or operator of the pattern that passed, as JSON; null where none did. */
  readonly by: string | null;
}

/**
 * Compiles a filter. `field` is where the pattern stands in the configuration, for messages.
 * @throws ConfigError with everything that is wrong in the pattern
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

function checksOf(verdict: Outcome, path: string): readonly Check[] {
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
      // One element is enough only where something is present: by absence all must match.
      const all = [...verdict.elements.entries()];
      const decisive = verdict.match === "present" ? deciding(verdict.elements) : all;
      return decisive.flatMap(([index, inner]) => checksOf(inner, `${path}[${index}]`));
    }
    default:
      return verdict satisfies never;
  }
}

/** Of verdicts of which one is enough: that one, or all of them where there is none. */
function deciding(verdicts: readonly Outcome[]): readonly (readonly [index: number, verdict: Outcome])[] {
  const enough = strongest(verdicts);
  return [...verdicts.entries()].filter(([, verdict]) => enough === undefined || verdict === enough);
}
