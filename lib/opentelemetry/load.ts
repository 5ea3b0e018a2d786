import type { OpenTelemetry, OpenTelemetryDeps } from "./open.ts";
import { signalsIn } from "./signals.ts";

/** Loads and opens OpenTelemetry's SDK if something uses it; null otherwise. */
export async function telemetryFor(
  deps: OpenTelemetryDeps,
  isScraped: boolean,
): Promise<OpenTelemetry | null> {
  const { traces, metrics } = signalsIn(deps.environment);
  if (!isScraped && !traces && !metrics) return null;
  const { openTelemetry } = await import("./open.ts");
  return openTelemetry(deps);
}
