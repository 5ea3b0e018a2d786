import type { Environment } from "../../core/environment.ts";
import { ConfigError, type ConfigIssue } from "../../core/errors.ts";
import type { Origins } from "../found.ts";
import { fieldName, type Path } from "../path.ts";

/** A reference to a value in a secret store, and its place. */
export interface Reference {
  readonly field: string;
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
 * Replaces `${NAME}` in every string and collects the secret references.
 * @throws ConfigError for larger or deeper values than any real configuration has
 */
export function expand(written: unknown, options: ExpandOptions): Expanded {
  const expansion = new Expansion(options);
  const root: { value: unknown } = { value: undefined };
  root.value = expansion.copy(written, [], (secret) => {
    root.value = secret;
  });
  const { references, origins, issues } = expansion;
  return {
    get value() {
      return root.value;
    },
    references,
    origins,
    issues,
  };
}

type Fill = Reference["fill"];

class Expansion {
  readonly references: Reference[] = [];
  readonly origins = new Map<string, string>();
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
    const text = written.replace(
      /(\$?)\$\{(?:([A-Za-z_]\w*)\})?/g,
      (whole, escaped: string, name?: string) => {
        if (escaped) return whole.slice(1);
        this.origins.set(field, written);
        return name === undefined ? this.#malformed(path) : this.#variable(name, field);
      },
    );
    // Variables inside a variable's value are not replaced.
    const scheme = this.#options.schemes.find((candidate) => written.startsWith(`${candidate}:`));
    if (scheme !== undefined) {
      this.origins.set(field, written);
      this.references.push({ field, scheme, text, written, fill });
    }
    return text;
  }

  #variable(name: string, field: string): string {
    const { environment } = this.#options;
    // Files and shells leave a trailing line break or blanks.
    const value = Object.hasOwn(environment, name) ? environment[name]?.trimEnd() : undefined;
    if (value) return value;
    const found = value === "" ? "it empty" : "it unset";
    this.issues.push({ field, expected: `the environment variable ${name}`, found });
    return "";
  }

  #malformed(path: Path): string {
    this.#refuse(path, `\${NAME}, or $\${ for the two characters themselves`, `\${ without a name and }`);
    return "";
  }

  #refuse(path: Path, expected: string, found: string): void {
    this.issues.push({ field: fieldName(path), expected, found });
  }
}

const tooMuch = (path: Path, expected: string, found: string): ConfigError =>
  new ConfigError([{ field: fieldName(path), expected, found }]);

const isSinkModule = ([root, , key, ...rest]: Path): boolean =>
  root === "sinks" && key === "module" && rest.length === 0;

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};
