import { createInterface } from "node:readline/promises";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";

/**
 * Whether the user agrees to something that cannot be undone; no answer is no. `yes` agrees beforehand.
 * @throws ConfigError when there is no terminal to ask on
 */
export async function confirm(
  context: Pick<Context, "screen" | "input" | "stop">,
  question: string,
  yes: boolean,
): Promise<boolean> {
  if (yes) return true;
  const { err } = context.screen;
  if (!context.input.isTTY || !err.isTerminal) {
    throw usageError("--yes", "the flag, as there is no terminal to ask on", undefined);
  }
  err.line(["bold", question]);
  err.raw("Continue? [y/N] ");
  const lines = createInterface({ input: context.input, signal: context.stop });
  for await (const answer of lines) return /^y(es)?$/i.test(answer.trim());
  return false;
}
