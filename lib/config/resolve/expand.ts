import type { Environment } from "../../core/environment.ts";
import { ConfigError, type ConfigIssue } from "../../core/errors.ts";
import type { Origins } from "../describe-found.ts";
import { fieldName, type Path } from "../path.ts";

/** A text whose value is not known: it holds an unset variable, or is a reference that was not read. */
export interface Unresolved {
  readonly path: Path;
  readonly written: string;
  /** Names of its unset variables, or the reference. */
  readonly needs: readonly string[];
  /** Why it is unknown. */
  readonly issues: readonly ConfigIssue[];
  /** The text with a placeholder for each unknown part. */
  withPlaceholders(placeholder: (name: string) => string): string;
}

/** A reference to a value in a secret store, and its place. */
export interface Reference {
  readonly path: Path;
  readonly scheme: string;
  /** The reference with its variables replaced. */
  readonly text: string;
  readonly written: string;
  /** Replaces the reference by the secret. */
  fill(secret: string): void;
}

/** A configuration whose variables are replaced. */
export interface Expanded {
  /** A copy of the configuration with `${NAME}` replaced. */
  readonly value: unknown;
  readonly references: readonly Reference[];
  readonly origins: Origins;
  /** Texts with unset variables. They stand in `value` as they are written. */
  readonly unresolved: readonly Unresolved[];
  readonly issues: readonly ConfigIssue[];
}

/** Variables and schemes to look for. */
export interface ExpandOptions {
  readonly environment: Environment;
  /** Schemes of references, without the colon. */
  readonly schemes: readonly string[];
}

const maxDepth = 64;
const maxValues = 50_000;
const unsafeKeys: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);

/**
 * Replaces `${NAME}` and `${NAME:-default}` in every string and collects the secret references.
 * @throws ConfigError for larger or deeper values than any real configuration has
 */
export function expand(written: unknown, options: ExpandOptions): Expanded {
  const expansion = new Expansion(options);
  const root: { value: unknown } = { value: undefined };
  root.value = expansion.copy(written, [], (secret) => {
    root.value = secret;
  });
  const { references, origins, unresolved, issues } = expansion;
  return {
    get value() {
      return root.value;
    },
    references,
    origins,
    unresolved,
    issues,
  };
}

type Fill = Reference["fill"];

/** A variable with its name and its default, `${` that is neither, or either of them escaped by another `$`. */
const variables = /(\$?)\$\{(?:([A-Za-z_]\w*)(?::-((?:(?!\$\{)[^}])*))?\})?/g;
const variableExpectation = `\${NAME} or \${NAME:-default}, or $\${ for the two characters themselves`;

class Expansion {
  readonly references: Reference[] = [];
  readonly origins = new Map<string, string>();
  readonly unresolved: Unresolved[] = [];
  readonly issues: ConfigIssue[] = [];
  readonly #options: ExpandOptions;
  #values = 0;

  constructor(options: ExpandOptions) {
    this.#options = options;
  }

  copy(value: unknown, path: Path, fill: Fill): unknown {
    if (++this.#values > maxValues) throw tooMuch([], `at most ${maxValues} values`, "more");
    if (typeof value === "string") return this.#text(value, path, fill);
    // A sink given as an object keeps its identity: its methods may rely on `this`.
    if (isSinkModule(path)) return value;
    if (!Array.isArray(value) && !isPlainObject(value)) return value;
    if (path.length >= maxDepth) {
      throw tooMuch(path.slice(0, 3), `at most ${maxDepth} levels`, "more, or a value that holds itself");
    }
    return Array.isArray(value) ? this.#list(value, path) : this.#object(value, path);
  }

  #list(items: readonly unknown[], path: Path): unknown[] {
    const copied: unknown[] = [];
    for (const [index, item] of items.entries()) {
      copied[index] = this.copy(item, [...path, index], (secret) => {
        copied[index] = secret;
      });
    }
    return copied;
  }

  #object(object: Readonly<Record<string, unknown>>, path: Path): Record<string, unknown> {
    const copied: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(object)) {
      if (unsafeKeys.has(key)) this.#refuse([...path, key], "a key with another name", "a reserved name");
      else if (value !== undefined) {
        copied[key] = this.copy(value, [...path, key], (secret) => {
          copied[key] = secret;
        });
      }
    }
    return copied;
  }

  #text(written: string, path: Path, fill: Fill): string {
    const field = fieldName(path);
    const unset = new Set<string>();
    const replaced = (placeholder: (name: string) => string): string =>
      written.replace(variables, (whole, escaped: string, name?: string, initial?: string) =>
        escaped ? whole.slice(1) : name ? this.#valueOf(name) || (initial ?? placeholder(name)) : "",
      );
    for (const [, escaped, name, initial] of written.matchAll(variables)) {
      if (escaped) continue;
      this.origins.set(field, written);
      if (name === undefined) this.#refuse(path, variableExpectation, `\${ without a name and }`);
      else if (initial === undefined && !this.#valueOf(name)) unset.add(name);
    }
    // Variables inside a variable's value are not replaced.
    const scheme = this.#options.schemes.find((candidate) => written.startsWith(`${candidate}:`));
    if (scheme !== undefined) this.origins.set(field, written);
    if (unset.size > 0) {
      this.unresolved.push({
        path,
        written,
        needs: scheme === undefined ? [...unset] : [written],
        issues: Array.from(unset, (name) => this.#unset(name, field)),
        withPlaceholders: scheme === undefined ? replaced : (placeholder) => placeholder(written),
      });
      return written;
    }
    const text = replaced(() => "");
    if (scheme !== undefined) this.references.push({ path, scheme, text, written, fill });
    return text;
  }

  #unset(name: string, field: string): ConfigIssue {
    const found = this.#valueOf(name) === "" ? "it empty" : "it unset";
    return { field, expected: `the environment variable ${name}`, found };
  }

  /** Undefined for an unset variable. Files and shells leave a trailing line break or blanks. */
  #valueOf(name: string): string | undefined {
    const { environment } = this.#options;
    return Object.hasOwn(environment, name) ? environment[name]?.trimEnd() : undefined;
  }

  #refuse(path: Path, expected: string, found: string): void {
    this.issues.push({ field: fieldName(path), expected, found });
  }
}

const tooMuch = (path: Path, expected: string, found: string): ConfigError =>
  new ConfigError([{ field: fieldName(path), expected, found }]);

const isSinkModule = ([root, , key, ...rest]: Path): boolean =>
  root === "sinks" && key === "module" && rest.length === 0;

/** Whether a value is an object literal's, not an instance of a class. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};
