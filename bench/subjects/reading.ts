import process from "node:process";

/** CPU and memory of the work in between, in milliseconds and MiB, with what else was counted. */
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

/** Prints the readings for the process that started this one. */
export function tell(readings: Readonly<Record<string, number>>): void {
  process.stdout.write(`${JSON.stringify(readings)}\n`, () => process.exit());
}
