import { createInterface } from "node:readline/promises";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";

/**
 * Asks the user to confirm an action that cannot be undone; no input means no. `yes` confirms beforehand.
 * @throws ConfigError without a terminal
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
  for await (const response of lines) return /^y(es)?$/i.test(response.trim());
  return false;
}
