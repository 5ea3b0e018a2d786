import { fieldName, type Path } from "../path.ts";

/** Offsets of a field's key and value, in characters from the beginning. */
export interface Spot {
  readonly key: number;
  readonly value: number;
}

const closers: Readonly<Record<string, string>> = { "{": "}", "[": "]", "(": ")" };
/** Blanks and comments. */
const trivia = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const text = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/y;
const word = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy;
const regex = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//y;

/**
 * Places of the fields in the object literal that a module exports by default: directly, through a call such as
 * `defineConfig({ … })`, or as a constant of the same module. A computed value has the place of its expression; so has
 * the whole where there is no such literal. Empty without an `export default`.
 */
export function literalSpots(module: string): ReadonlyMap<string, Spot> {
  const spots = new Map<string, Spot>();
  const begin = literalAt(module);
  if (begin !== null) new Literal(module, spots).value(begin, [], begin);
  const exported = begin === null ? /^export\s+default\s+/m.exec(module) : null;
  const at = exported ? exported.index + exported[0].length : 0;
  if (exported) spots.set(fieldName([]), { key: at, value: at });
  return spots;
}

/** Offset of the exported object literal; null when there is none. */
function literalAt(module: string): number | null {
  const call = "(?:[\\w$.]+\\s*\\(\\s*)?(?=\\{)";
  const direct = new RegExp(`^export\\s+default\\s+${call}`, "m").exec(module);
  if (direct) return direct.index + direct[0].length;
  const [, name] = /^export\s+default\s+(\w+)\s*(?:;|$|as\b|satisfies\b)/m.exec(module) ?? [];
  const constant =
    name && new RegExp(`^(?:export\\s+)?const\\s+${name}\\b[^={]*=\\s*${call}`, "m").exec(module);
  return constant ? constant.index + constant[0].length : null;
}

/** Reads a literal as far as it is plain, and passes over every other expression. */
class Literal {
  readonly #module: string;
  readonly #spots: Map<string, Spot>;

  constructor(module: string, spots: Map<string, Spot>) {
    this.#module = module;
    this.#spots = spots;
  }

  /** Notes a value and what is in it; returns where it ends. */
  value(at: number, path: Path, key: number): number {
    this.#spots.set(fieldName(path), { key, value: at });
    if (this.#module[at] === "{") this.#object(at + 1, path);
    if (this.#module[at] === "[") this.#list(at + 1, path);
    return this.#end(at);
  }

  #object(begin: number, path: Path): void {
    let at = this.#skip(begin);
    while (at < this.#module.length && this.#module[at] !== "}") {
      if (this.#module.startsWith("...", at)) this.#forget(path);
      const name = this.#match(text, at) ?? this.#match(word, at) ?? "";
      const field = [...path, name.replace(/^(["'])(.*)\1$/s, "$2")];
      const next = this.#skip(at + name.length);
      const isPlain = name !== "" && this.#module[next] === ":";
      if (name !== "" && /[,}]/.test(this.#module[next] ?? ""))
        this.#spots.set(fieldName(field), { key: at, value: at });
      const end = this.#after(isPlain ? this.value(this.#skip(next + 1), field, at) : this.#end(at));
      // A stray closer.
      if (end <= at) return;
      at = end;
    }
  }

  #list(begin: number, path: Path): void {
    let at = this.#skip(begin);
    for (let index = 0; at < this.#module.length && this.#module[at] !== "]"; index += 1) {
      // How many items a spread has is not known.
      if (this.#module.startsWith("...", at)) return;
      const end = this.#after(this.value(at, [...path, index], at));
      if (end <= at) return;
      at = end;
    }
  }

  /** A spread object may replace the fields before it. */
  #forget(path: Path): void {
    const own = path.length === 0 ? "" : fieldName(path);
    const isWithin = (field: string): boolean =>
      own === "" ? field !== fieldName([]) : field.startsWith(`${own}.`) || field.startsWith(`${own}[`);
    for (const field of [...this.#spots.keys()]) if (isWithin(field)) this.#spots.delete(field);
  }

  /** End of an expression: before a comma, or before the bracket that closes its literal. */
  #end(begin: number): number {
    const open: string[] = [];
    let at = this.#skip(begin);
    while (at < this.#module.length) {
      const character = this.#module[at] ?? "";
      if (open.length === 0 && /[,\]})]/.test(character)) return at;
      if (character === open.at(-1)) open.pop();
      else if (closers[character]) open.push(closers[character]);
      at = this.#skip(character === "`" ? this.#templateEnd(at + 1) : at + this.#tokenLength(at));
    }
    return at;
  }

  #tokenLength(at: number): number {
    return (this.#match(text, at) ?? (this.#isRegex(at) ? this.#match(regex, at) : undefined) ?? " ").length;
  }

  /** Whether a slash begins a regular expression, by the character before it. */
  #isRegex(at: number): boolean {
    if (this.#module[at] !== "/") return false;
    return /[(,=:[!&|?{};+]/.test(this.#module.slice(0, at).trimEnd().at(-1) ?? "");
  }

  #templateEnd(begin: number): number {
    for (let at = begin; at < this.#module.length; at += 1) {
      if (this.#module[at] === "\\") at += 1;
      else if (this.#module[at] === "`") return at + 1;
      else if (this.#module.startsWith("${", at)) at = this.#end(at + 2);
    }
    return this.#module.length;
  }

  /** The next item of the literal, after the comma. */
  #after(end: number): number {
    return this.#skip(this.#module[end] === "," ? end + 1 : end);
  }

  #skip = (at: number): number => at + (this.#match(trivia, at) ?? "").length;

  #match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.#module)?.[0];
  }
}
