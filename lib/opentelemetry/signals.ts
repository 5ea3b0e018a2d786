/** Signals that OpenTelemetry's variables request. */
export interface Signals {
  readonly traces: boolean;
  readonly metrics: boolean;
}

/**
 * Reads which signals are exported over OTLP: those whose endpoint is set, or whose exporter is `otlp`.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function signalsIn(environment: Readonly<Record<string, string | undefined>>): Signals {
  const isOn = (signal: "TRACES" | "METRICS"): boolean => {
    if (environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return false;
    const exporter = environment[`OTEL_${signal}_EXPORTER`];
    if (exporter) return exporter.split(",").some((name) => name.trim() === "otlp");
    const endpoint =
      environment[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] || environment["OTEL_EXPORTER_OTLP_ENDPOINT"];
    return Boolean(endpoint);
  };
  return { traces: isOn("TRACES"), metrics: isOn("METRICS") };
}
