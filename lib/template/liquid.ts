import { Liquid, LiquidError } from "liquidjs";

/** What a template cannot do. */
export interface Mistake {
  readonly kind: "mistake";
  /** In the template, from 1; null where it is in no one line. */
  readonly line: number | null;
  readonly what: string;
  /** Not the template but the machine may be at fault. */
  readonly isOutOfTime: boolean;
}

export interface Output {
  readonly kind: "output";
  readonly text: string;
}

export interface Program {
  readonly kind: "program";
  /** Variables that come from outside, each at its first line. */
  readonly variables: ReadonlyMap<string, number>;
  render(variables: Readonly<Record<string, unknown>>): Output | Mistake;
}

const outOfTime = "template render limit exceeded";

const engine = new Liquid({
  strictFilters: true,
  strictVariables: true,
  // What may be missing is written with `default` or inside `if`.
  lenientIf: true,
  ownPropertyOnly: true,
  // No file is ever looked for: templates come from this empty table.
  templates: {},
  timezoneOffset: 0,
  locale: "en",
  outputEscape: shown,
  parseLimit: 16_384,
  renderLimit: 1_000,
  memoryLimit: 1_000_000,
});
for (const tag of ["include", "render", "layout", "block"]) Reflect.deleteProperty(engine.tags, tag);

/** Reads a template. */
export function compile(text: string): Program | Mistake {
  return attempt(() => {
    const parsed = engine.parse(text);
    const globals = Object.entries(engine.analyzeSync(parsed).globals);
    return {
      kind: "program",
      variables: new Map(globals.map(([name, [first]]) => [name, first?.location.row ?? 1])),
      render: (variables) =>
        attempt(() => ({ kind: "output", text: String(engine.renderSync(parsed, variables)) })),
    };
  });
}

/** An object shown as text would be of no use to anyone. */
function shown(value: unknown): string {
  if (typeof value === "object" && value !== null) throw new TypeError("an object or a list needs | json");
  return String(value ?? "");
}

function attempt<Done>(step: () => Done): Done | Mistake {
  try {
    return step();
  } catch (error) {
    if (!LiquidError.is(error)) throw error;
    const [line = null] = error.token?.getPosition() ?? [];
    const what = error.originalError?.message ?? error.message.replace(/, line:\d+, col:\d+$/, "");
    return { kind: "mistake", line, what, isOutOfTime: what === outOfTime };
  }
}
