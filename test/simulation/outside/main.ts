import { faults, Met } from "./faults.ts";
import { type Outcome, play } from "./play.ts";
import { shrink } from "./shrink.ts";

export interface OutsideOptions {
  readonly from: number;
  readonly count: number;
  /** Parts of faults' names: no others are met. All where empty. */
  readonly only: readonly string[];
  /** Goes on after a failure, and shrinks none. */
  readonly goesOn: boolean;
  readonly say: (line: string) => void;
}

/** Plays histories against the whole bridge until one breaks a promise, and shows it as small as it gets. */
export async function playOutside({ from, count, only, goesOn, say }: OutsideOptions): Promise<boolean> {
  const isChosen = (fault: string): boolean => only.length === 0 || only.some((part) => fault.includes(part));
  const options = { enabled: new Set(faults.filter(isChosen)) };
  const met = new Met();
  const startedMs = performance.now();
  let failed: Outcome | null = null;
  let played = 0;
  let runs = 0;
  for (let seed = from; seed < from + count && (goesOn || !failed); seed += 1) {
    const outcome = await play(seed, options);
    met.add(outcome.met);
    played += 1;
    runs += outcome.runs;
    if (!outcome.violation) continue;
    failed ??= outcome;
    say(`seed ${seed} fails from outside: ${outcome.violation.message}`);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const rows = Array.from(met.counts, ([fault, times]) => `| ${fault} | ${times} |`);
  say(["| fault, from outside | hit |", "|---|---|", ...rows].join("\n"));
  say(`${played} seeds from outside, ${runs} runs, ${Math.round(played / seconds)} seeds/s`);
  if (failed && !goesOn) await report(failed, say);
  return failed === null;
}

async function report(failed: Outcome, say: (line: string) => void): Promise<void> {
  say(`replay: npm run test:simulation -- --outside --seed ${failed.scenario.seed}\nshrinking ...`);
  const least = await shrink(failed, play);
  const { scenario, lines, violation } = await play(least.scenario, { keepLines: true });
  say(`${violation?.message}\nsettings ${JSON.stringify(scenario.settings)}`);
  for (const line of lines) say(`  ${line.length > 240 ? `${line.slice(0, 240)}…` : line}`);
}
