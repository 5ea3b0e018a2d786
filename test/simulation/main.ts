import process from "node:process";
import { parseArgs } from "node:util";
import { eachOf } from "../../lib/async/each.ts";
import { FaultCounts } from "./faults.ts";
import { playOutside } from "./outside/main.ts";
import { shrink } from "./shrink.ts";
import { type Outcome, simulate } from "./simulate.ts";
import { sound, type Variant } from "./variant.ts";
import { variants } from "./variants.ts";

const seedsAtOnce = 8;
const progressEvery = 500;
const command = "npm run test:simulation --";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Plays histories until one breaks a promise, and shows it as small as it gets. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "1000" },
      from: { type: "string", default: "1" },
      seed: { type: "string" },
      variant: { type: "string" },
      outside: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      "goes-on": { type: "boolean", default: false },
    },
  });
  if (values.outside) {
    const from = whole(values.seed ?? values.from, "--from");
    const count = values.seed === undefined ? whole(values.seeds, "--seeds") : 1;
    const only = values.only.split(",").filter(Boolean);
    return (await playOutside({ from, count, only, goesOn: values["goes-on"], say })) ? 0 : 1;
  }
  const variant = variantNamed(values.variant);
  const only = values.seed === undefined ? null : whole(values.seed, "--seed");
  const from = only ?? whole(values.from, "--from");
  const count = only === null ? whole(values.seeds, "--seeds") : 1;
  const faults = new FaultCounts();
  const startedMs = performance.now();
  let failed: Outcome | null = null;
  let played = 0;
  let runs = 0;
  await eachOf(
    Array.from({ length: count }, (_, index) => from + index),
    variant.patch ? 1 : seedsAtOnce,
    async (seed) => {
      if (failed) return;
      const outcome = await simulate(seed, { variant });
      faults.add(outcome.faults);
      runs += outcome.runs;
      played += 1;
      if (outcome.violation) failed ??= outcome;
      if (played % progressEvery === 0) say(`${played} of ${count} seeds`);
    },
  );
  const seconds = (performance.now() - startedMs) / 1_000;
  say(table(faults));
  say(`${played} seeds, ${runs} runs, ${Math.round(played / seconds)} seeds/s`);
  if (failed) await report(failed, variant);
  return failed ? 1 : 0;
}

function table(faults: FaultCounts): string {
  const rows = Array.from(faults.counts, ([kind, count]) => `| ${kind} | ${count} |`);
  return ["| fault | hit |", "|---|---|", ...rows].join("\n");
}

async function report(failed: Outcome, variant: Variant): Promise<void> {
  const { seed } = failed.scenario;
  say(`\nseed ${seed} fails: ${failed.violation?.message}`);
  say(`replay: ${command} --seed ${seed}${variant === sound ? "" : ` --variant ${variant.name}`}`);
  say("shrinking ...");
  const least = await shrink(failed, variant);
  const { scenario, lines, violation } = await simulate(least.scenario, { variant, keepLines: true });
  say(`${violation?.message}\nsettings ${JSON.stringify(scenario.settings)}`);
  for (const line of lines) say(`  ${line.length > 240 ? `${line.slice(0, 240)}…` : line}`);
}

function variantNamed(name: string | undefined): Variant {
  if (name === undefined) return sound;
  const found = variants.find((variant) => variant.name === name);
  if (!found)
    throw new UsageError(
      `no variant ${name}; there are ${variants.map((variant) => variant.name).join(", ")}`,
    );
  return found;
}

function whole(text: string, option: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new UsageError(`${option}: expected a whole number above 0`);
  return number;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
