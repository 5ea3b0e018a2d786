import {
  AssertionError,
  type Context,
  Drop,
  type Emitter,
  Liquid,
  LiquidError,
  type Template,
} from "liquidjs";
import { exactNumber } from "../text/json.ts";

/** A template's mistake. */
export interface Mistake {
  readonly kind: "mistake";
  /** Line in the template, from 1; null when there is no single line. */
  readonly line: number | null;
  readonly what: string;
  /** Whether time ran out, so that the machine may be at fault instead of the template. */
  readonly isOutOfTime: boolean;
}

/** A rendered text. */
export interface OutputNode {
  readonly kind: "output";
  readonly text: string;
}

/** A parsed template. */
export interface Program {
  readonly kind: "program";
  /** Variables from outside, each with its first line. */
  readonly variables: ReadonlyMap<string, number>;
  render(variables: Readonly<Record<string, unknown>>): OutputNode | Mistake;
}

const outOfTime = "template render limit exceeded";

const engine = new Liquid({
  strictFilters: true,
  strictVariables: true,
  // Missing values need `default` or `if`.
  lenientIf: true,
  ownPropertyOnly: true,
  // Templates come from this empty table, so no file is ever read.
  templates: {},
  timezoneOffset: 0,
  locale: "en",
  outputEscape: shown,
  parseLimit: 16_384,
  renderLimit: 1_000,
  memoryLimit: 1_000_000,
});
const { renderer } = engine;
const renderInto = renderer.renderTemplates.bind(renderer);
renderer.renderTemplates = (templates: Template[], context: Context, emitter?: Emitter) =>
  renderInto(templates, context, emitter ?? new BoundedEmitter(context));
for (const tag of ["include", "render", "layout", "block"]) Reflect.deleteProperty(engine.tags, tag);

/** Collects output within the memory limit. liquidjs counts only filters' output. */
class BoundedEmitter implements Emitter {
  buffer = "";
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  write(html: unknown): void {
    const text = String(html);
    this.#context.memoryLimit.use(text.length);
    this.buffer += text;
  }
}

/** A number that is shown in its original notation but compared and computed by its value. */
class ExactNumber extends Drop {
  readonly #text: string;
  readonly #json: unknown;

  constructor(text: string, json: unknown) {
    super();
    this.#text = text;
    this.#json = json;
  }

  override valueOf(): string {
    return this.#text;
  }

  toJSON(): unknown {
    return this.#json;
  }

  equals(other: unknown): boolean {
    return Number(this.#text) === Number(other);
  }

  gt(other: unknown): boolean {
    return Number(this.#text) > Number(other);
  }

  geq(other: unknown): boolean {
    return Number(this.#text) >= Number(other);
  }

  lt(other: unknown): boolean {
    return Number(this.#text) < Number(other);
  }

  leq(other: unknown): boolean {
    return Number(this.#text) <= Number(other);
  }
}

const maxDepth = 64;

/** Replaces each exact number by one that Liquid can use, except where nested too deeply to be named. */
function forLiquid(value: unknown, depth = 0): unknown {
  const exact = exactNumber(value);
  if (exact !== null) return new ExactNumber(exact, value);
  if (typeof value !== "object" || value === null || depth === maxDepth) return value;
  if (Array.isArray(value)) return value.map((item) => forLiquid(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, forLiquid(inner, depth + 1)]));
}

/** Compiles a template. */
export function compile(text: string): Program | Mistake {
  return attempt(() => {
    const parsed = engine.parse(text);
    const globals = Object.entries(engine.analyzeSync(parsed).globals);
    return {
      kind: "program",
      variables: new Map(globals.map(([name, [first]]) => [name, first?.location.row ?? 1])),
      render: (variables) =>
        attempt(() => ({
          kind: "output",
          text: String(engine.renderSync(parsed, Object(forLiquid(variables)))),
        })),
    };
  });
}

/** An object as text would be useless, so it is a mistake. */
function shown(value: unknown): string {
  if (value instanceof ExactNumber) return value.valueOf();
  if (typeof value === "object" && value !== null) throw new TypeError("an object or a list needs | json");
  return String(value ?? "");
}

function attempt<Done>(step: () => Done): Done | Mistake {
  try {
    return step();
  } catch (error) {
    // A limit that is reached between two parts of the template has no line.
    if (error instanceof AssertionError) return mistake(null, error.message);
    if (!LiquidError.is(error)) throw error;
    const [line = null] = error.token?.getPosition() ?? [];
    const what = error.originalError?.message ?? error.message.replace(/, line:\d+, col:\d+$/, "");
    return mistake(line, what);
  }
}

const mistake = (line: number | null, what: string): Mistake => ({
  kind: "mistake",
  line,
  what,
  isOutOfTime: what === outOfTime,
});
