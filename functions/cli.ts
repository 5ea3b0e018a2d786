#!/usr/bin/env -S node --disable-warning=ExperimentalWarning --
import process from "node:process";
import { CommanderError } from "commander";
import { type ConfigFlags, startedAs } from "../lib/cli/command-name.ts";
import { guardExit } from "../lib/cli/early-exit.ts";
import { withEnvFiles } from "../lib/cli/env-file.ts";
import { isInterruption, report } from "../lib/cli/errors.ts";
import { program } from "../lib/cli/program.ts";
import { cliLog } from "../lib/cli/screen/log.ts";
import { openScreen } from "../lib/cli/screen/output.ts";
import { listenForSignals } from "../lib/cli/signals.ts";
import { systemClock } from "../lib/core/clock.ts";
import { catchStrays } from "../lib/telemetry/strays.ts";
import packageJson from "../package.json" with { type: "json" };

const screenFor = (options?: ConfigFlags) =>
  openScreen(process.stdout, process.stderr, startedAs(process.env, options));
const stopping = listenForSignals(process);
/** Waits until stdout has taken all that was written, or has failed to. */
const written = () => new Promise<unknown>((resolve) => process.stdout.write("", resolve));

const root = program({
  version: packageJson.version,
  screen: screenFor(),
  start: async (options, body) => {
    const screen = screenFor(options);
    const reported = (error: unknown) => report(error, screen.err, options.debug ?? false);
    const ended = guardExit(process, { configFile: options.config, stop: stopping.stop, report: reported });
    const log = cliLog(screen.err, options.logLevel, systemClock.now);
    const strays = catchStrays(process, log);
    try {
      process.exitCode = await body({
        configFile: options.config ?? null,
        json: options.json ?? false,
        screen,
        output: options.json ? process.stderr : process.stdout,
        input: process.stdin,
        folder: process.cwd(),
        environment: withEnvFiles(process.env, options.envFile ?? [], process.cwd()),
        clock: systemClock,
        random: Math.random,
        log,
        stop: stopping.stop,
        abandon: stopping.abandon,
      });
    } catch (error) {
      if (!isInterruption(error, stopping.stop)) {
        process.exitCode = reported(error);
      }
    }
    await written();
    if (strays.take() > 0) process.exitCode ||= 1;
    process.exitCode = stopping.exitCode() ?? process.exitCode;
    ended();
  },
});

try {
  await root.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  await written();
  process.exitCode = stopping.exitCode() ?? (error.exitCode === 0 ? 0 : 2);
}
// A handle that a client left open must not keep a finished command alive.
setTimeout(() => process.exit(), 1_000).unref();
