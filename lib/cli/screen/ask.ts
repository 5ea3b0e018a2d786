import { createInterface } from "node:readline/promises";
import { suggestion } from "../../config/check/suggest.ts";
import type { Context } from "../context.ts";

/** One question on a terminal. */
export interface Question {
  readonly text: string;
  /** Taken for an empty answer. */
  readonly initial: string;
  /** Required answer; empty to accept any text that `isAllowed` allows. */
  readonly choices: readonly string[];
  isAllowed(answer: string): boolean;
}

/** Asks questions one after the other on a terminal; the input's end, or a signal, answers null. */
export function openQuestions({ screen: { err }, input, stop }: Pick<Context, "screen" | "input" | "stop">) {
  const lines = createInterface({ input, signal: stop });
  const answers = lines[Symbol.asyncIterator]();
  return {
    async ask({ text, initial, choices, isAllowed }: Question): Promise<string | null> {
      if (choices.length > 0) err.line(["dim", choices.join(", ")]);
      for (;;) {
        err.raw(`${text} [${initial}]: `);
        const { value, done } = await answers.next();
        if (done) return null;
        const answer = value.trim() || initial;
        if (isAllowed(answer)) return answer;
        err.line(["yellow", `Not possible: ${answer}${suggestion(answer, choices)}`]);
      }
    },
    close: () => lines.close(),
  };
}
