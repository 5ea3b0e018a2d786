import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Readings } from "./benchmark.ts";

type ChildEnvironment = Readonly<Record<string, string>>;

/** Milliseconds from starting the process until it reports a handled event. */
export async function coldStart(args: readonly string[], environment: ChildEnvironment): Promise<Readings> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = text(child.stderr);
  let handledMs: number | null = null;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    if (chunk.includes("\nhandled\n")) handledMs ??= performance.now() - startedMs;
  });
  await new Promise((resolve) => child.once("close", resolve));
  if (handledMs === null) throw new Error(`nothing was handled: ${await said}`);
  return { wallMs: handledMs };
}

/** Runs a measuring process of Node. */
export const measured = (args: readonly string[], environment: ChildEnvironment): Promise<Readings> =>
  measuredProgram(process.execPath, args, environment);

/**
 * Runs a measuring process, which prints its readings as one line of JSON. Adds `lifeS`, the seconds from its start to
 * its end.
 */
export async function measuredProgram(
  program: string,
  args: readonly string[],
  environment: ChildEnvironment,
): Promise<Readings> {
  const startedMs = performance.now();
  const child = spawn(program, args, {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = text(child.stderr);
  const [line = ""] = (await text(child.stdout)).trimEnd().split("\n").slice(-1);
  if (!line.startsWith("{")) throw new Error(`nothing was measured: ${line} ${await said}`);
  return { ...JSON.parse(line), lifeS: (performance.now() - startedMs) / 1_000 };
}
