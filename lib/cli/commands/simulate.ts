import { stringify } from "yaml";
import { nameExpectation } from "../../config/check/suggest.ts";
import { ConfigError } from "../../core/errors.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../simulator/api.ts";
import { type FaultName, faultNames, faultTable, isFaultName } from "../../simulator/fault-table.ts";
import { demoInstances, playForever } from "../../simulator/scenario.ts";
import { portOf } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { count } from "../screen/format.ts";
import { simulatedSources } from "./demo/sources.ts";

/** Options of `simulate`. */
export interface SimulateOptions {
  readonly port: string;
  readonly faults?: string;
  readonly listFaults?: true;
}

/** Serves a simulated DMS API with changing tasks until a signal, and prints how to poll it. */
export async function simulate(context: Context, options: SimulateOptions): Promise<ExitCode> {
  if (options.listFaults) return listFaults(context);
  const { clock, random, screen, stop } = context;
  const port = portOf("--port", options.port);
  const faults = faultsOf(options.faults);
  let requests = 0;
  const simulator = await startOn(port, {
    random,
    clock,
    onRequest: ({ operation, status }) => {
      requests += 1;
      screen.status(`${count(requests, "request")}, the last ${operation} with ${status}`);
    },
  });
  try {
    for (const fault of faults) simulator.faults.on(fault);
    introduce(context, simulator);
    await playForever(simulator.world, { clock, random, signal: stop });
  } finally {
    screen.status();
    await simulator.close();
  }
  return 0;
}

function listFaults({ screen, json }: Context): ExitCode {
  const rows = faultNames.map((name) => ({ name, summary: faultTable[name].summary }));
  if (json) screen.out.json({ faults: rows });
  else
    screen.out.table(
      [{ title: "FAULT" }, { title: "WHAT HAPPENS" }],
      rows.map(({ name, summary }) => [["bold", name], summary]),
    );
  return 0;
}

function faultsOf(text = ""): readonly FaultName[] {
  const names = text.split(",").flatMap((name) => name.trim() || []);
  const unknown = names.filter((name) => !isFaultName(name));
  if (unknown.length > 0) {
    throw new ConfigError(
      unknown.map((name) => ({
        field: "--faults",
        expected: nameExpectation("fault", name, faultNames),
        found: JSON.stringify(name),
      })),
    );
  }
  return names.filter(isFaultName);
}

async function startOn(port: number, options: SimulatorOptions): Promise<Simulator> {
  try {
    return await startSimulator({ ...options, port });
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      (error.code === "EADDRINUSE" || error.code === "EACCES")
    ) {
      throw usageError("--port", "a port that is free and allowed", String(port));
    }
    throw error;
  }
}

function introduce({ screen, json }: Context, { url, faults }: Simulator): void {
  const config = {
    sources: simulatedSources(url, demoInstances),
    checkpoint: { type: "file", path: ".bridge-simulated" },
    sinks: { events: { type: "file", path: "events.ndjson" } },
  };
  if (json) {
    screen.out.json({ url, instances: demoInstances, faults: faults.active(), config });
    return;
  }
  screen.err.line(["green", "The simulated DMS API is up at "], url);
  screen.err.line(["dim", `Faults: ${faults.active().join(", ") || "none"}`]);
  screen.err.line([
    "dim",
    "Save this as bridge.config.yaml, run `dms-task-bridge watch` beside it; Ctrl-C ends the API.",
  ]);
  screen.err.line();
  screen.out.raw(stringify(config, { aliasDuplicateObjects: false }));
}
