import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import { sampleEvent, sampleStatuses } from "../change/sample.ts";
import type { Refusal } from "../core/result.ts";
import { oneLine } from "../text/one-line.ts";
import type { Mistake, OutputNode, Program } from "./liquid.ts";

const maxCharacters = 16_384;
const templateExpectation = `a Liquid template of 1 to ${maxCharacters} characters`;

/** Schema of a template's text; sinks use `new Template` of it. */
export const templateText = v.pipe(
  v.string(templateExpectation),
  v.nonEmpty(templateExpectation),
  v.maxLength(maxCharacters, templateExpectation),
);

/** A template's mistake, for its author. */
export interface TemplateIssue {
  readonly found: string;
  readonly expected: string;
}

/** Form of a template's output. */
export type Format = "text" | "json";

/** A text with placeholders for an event's values, in Liquid. The engine is loaded at the first use. */
export class Template {
  readonly #text: string;
  readonly #format: Format;
  #program: Promise<Program | Mistake> | null = null;

  constructor(text: string, format: Format = "text") {
    this.#text = text;
    this.#format = format;
  }

  /** Renders the event; or the reason why it failed, which is `permanent` unless time ran out. */
  async render(event: CloudEvent): Promise<OutputNode | Refusal> {
    const outcome = this.#filled(await this.#compiled(), event);
    if (outcome.kind === "output") return outcome;
    const detail = oneLine(`the template cannot be filled: ${place(outcome)}`);
    return outcome.isOutOfTime
      ? { kind: "retry", reason: "timeout", detail }
      : { kind: "permanent", reason: "rejected", detail };
  }

  /** Tries the template on sample events of every kind; null when all of them work. */
  async issue(): Promise<TemplateIssue | null> {
    const program = await this.#compiled();
    if (program.kind === "mistake") return { found: place(program), expected: "a Liquid template" };
    for (const [name, line] of program.variables) {
      if (variableNames.some((known) => known === name)) continue;
      return { found: `line ${line}: ${name}`, expected: `only the variables ${variableNames.join(", ")}` };
    }
    for (const { event, told: sample } of trials()) {
      const outcome = this.#filled(program, event);
      if (outcome.kind === "mistake")
        return { found: `${place(outcome)}, for ${sample}`, expected: this.#expected };
    }
    return null;
  }

  get #expected(): string {
    return this.#format === "json"
      ? "a template that makes JSON of every event: | json around each value, | default or if where one may be missing"
      : "a template that works for every event: | default or if where a value may be missing";
  }

  async #compiled(): Promise<Program | Mistake> {
    this.#program ??= import("./liquid.ts").then(({ compile }) => compile(this.#text));
    return this.#program;
  }

  #filled(program: Program | Mistake, event: CloudEvent): OutputNode | Mistake {
    const outcome = program.kind === "program" ? program.render(variablesOf(event)) : program;
    if (outcome.kind === "mistake" || this.#format === "text") return outcome;
    const place = jsonMistake(outcome.text);
    if (place === null) return outcome;
    return { kind: "mistake", line: null, what: `the output is no JSON${place}`, isOutOfTime: false };
  }
}

const place = ({ line, what }: Mistake): string => (line === null ? what : `line ${line}: ${what}`);

/** Line at which a text stops being JSON, if the parser reports it; null for JSON. The parser's message would quote the text. */
function jsonMistake(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const line = /\(line (\d+) column \d+\)/.exec(error.message)?.[1];
    return line === undefined ? "" : ` (its line ${line})`;
  }
}

const variableNames = ["event", "task", "change", "instance", "kind"] as const;

const variablesOf = (event: CloudEvent): Readonly<Record<(typeof variableNames)[number], unknown>> => ({
  event,
  ...event.data,
  kind: event.type.slice(event.type.lastIndexOf(".") + 1),
});

interface Trial {
  readonly event: CloudEvent;
  readonly told: string;
}

/** Samples of every kind: with all values, without optional ones, and with texts that try to break out of quotes. */
function* trials(): Generator<Trial> {
  for (const status of sampleStatuses) {
    const event = sampleEvent(0, status);
    yield { event, told: `an event to ${status}` };
    yield { event: withLeast(event), told: `an event to ${status} without params, user and instance name` };
    yield { event: withQuotes(event), told: `an event to ${status} with quotes in its texts` };
  }
}

function withLeast({ data, ...event }: CloudEvent): CloudEvent {
  const { name, ...instance } = data.instance;
  const task = { ...data.task, params: null, user: { id: null, name: null } };
  return { ...event, data: { task, change: { ...data.change, from: null }, instance } };
}

function withQuotes({ data, ...event }: CloudEvent): CloudEvent {
  const text = '"a"\\\n{}';
  const task = { ...data.task, id: text, name: text, status: text, params: { [text]: text } };
  return {
    ...event,
    subject: text,
    partitionkey: text,
    data: {
      task: { ...task, user: { id: text, name: text } },
      change: { ...data.change, from: text, to: text },
      instance: { ...data.instance, instanceId: text, name: text },
    },
  };
}
