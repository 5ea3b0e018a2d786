import type { Context } from "../context.ts";
import { span } from "./format.ts";

const quietMs = 1_000;
const frames = ["|", "/", "-", "\\"] as const;

/** Does the work; after a second, a terminal shows what is being done and for how long. */
export async function withProgress<T>(
  { screen, clock }: Pick<Context, "screen" | "clock">,
  doing: string,
  work: () => Promise<T>,
): Promise<T> {
  if (!screen.err.isTerminal) return work();
  const startedMs = clock.now();
  let frame = 0;
  const timer = setInterval(() => {
    const elapsedMs = clock.now() - startedMs;
    if (elapsedMs < quietMs) return;
    screen.status(`${frames[frame++ % frames.length]} ${doing} (${span(elapsedMs)})`);
  }, 250);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    screen.status();
  }
}
