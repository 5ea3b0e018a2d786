import { otelcolProgram } from "./programs.ts";
import { accepts, freePort, type Server, serverFolder, startServer } from "./server.ts";

/** A span as the collector prints it. */
export interface PrintedSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly id: string;
  readonly parentId: string;
  readonly status: string;
  readonly text: string;
}

/** An OpenTelemetry Collector that takes OTLP over HTTP and prints what it took. */
export interface Otelcol extends Server {
  readonly origin: string;
  spans(): readonly PrintedSpan[];
  /** Everything that was printed. */
  printed(): string;
}

export async function startOtelcol(): Promise<Otelcol> {
  const folder = await serverFolder("otelcol");
  const port = await freePort();
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: { debug: { verbosity: "detailed" } },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: {
        traces: { receivers: ["otlp"], exporters: ["debug"] },
        metrics: { receivers: ["otlp"], exporters: ["debug"] },
      },
    },
  };
  let printed = "";
  const server = await startServer({
    program: otelcolProgram,
    args: ["--config", `yaml:${JSON.stringify(config)}`],
    folder,
    isReady: accepts(port),
    wrote: (text) => {
      printed += text;
    },
  });
  return {
    ...server,
    origin: `http://127.0.0.1:${port}`,
    printed: () => printed,
    spans: () =>
      printed
        .split(/^(?:Span #\d+|Metric #\d+|Resource\w+ #\d+)$/m)
        .filter((text) => /^ {4}Trace ID/m.test(text))
        .map((text) => {
          const field = (name: string): string =>
            new RegExp(`^ {4}${name} *: (.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
          return {
            name: field("Name"),
            kind: field("Kind"),
            traceId: field("Trace ID"),
            id: field("ID"),
            parentId: field("Parent ID"),
            status: field("Status code"),
            text,
          };
        }),
  };
}
