import process from "node:process";

/** CPU (milliseconds) and memory (MiB) of the measured work, with further counts. */
export async function reading(
  work: () => Promise<Readonly<Record<string, number>>>,
): Promise<Readonly<Record<string, number>>> {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const counted = await work();
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  return {
    wallMs,
    cpuMs: (user + system) / 1_000,
    peakMiB: process.resourceUsage().maxRSS / 1_024,
    ...counted,
  };
}

/** Prints the readings for the parent process. */
export function tell(readings: Readonly<Record<string, number>>): void {
  process.stdout.write(`${JSON.stringify(readings)}\n`, () => process.exit());
}
