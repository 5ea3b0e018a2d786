import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { anyClockMs } from "../checkpoint/activity.ts";
import type { StreamKey } from "../core/names.ts";
import type { OpenTelemetry } from "../opentelemetry/open.ts";
import type { RunSummary } from "../run/summary.ts";
import type { Bridge } from "../wire/bridge.ts";
import type { BridgeObserver } from "../wire/observer.ts";
import { addressOf } from "./arguments.ts";
import type { Context } from "./context.ts";
import { usageError } from "./errors.ts";
import type { WakeRequests } from "./wake-requests.ts";

/** A store that takes longer to load one record is not ready. */
const storeLimitMs = 5_000;

/** Options of the monitor. */
export interface MonitorOptions {
  /** ADDR:PORT, as given by `--listen`. */
  readonly listen: string;
  /** The loop counts as stalled this long after the last start or end of a run, milliseconds. */
  readonly stallMs: number;
  readonly metrics: Pick<OpenTelemetry, "prometheusText">;
  /** Serves POST /wake. @default not served */
  readonly wakes?: WakeRequests | null;
}

/** Reports the state of `watch` to orchestrators and Prometheus. */
export interface Monitor {
  /** Notes each run's end. */
  readonly observer: BridgeObserver;
  /** Called when a run begins; it may end with a defect. */
  turned(): void;
  close(): void;
}

/** Does nothing, for a `watch` without `--listen`. */
export const unmonitored: Monitor = {
  observer: {},
  turned: () => {},
  close: () => {},
};

/**
 * Serves /healthz (the loop is alive), /readyz (the first run has ended, the store responds, and the last run recorded
 * its streams) and /metrics.
 * @throws ConfigError
 */
export async function openMonitor(
  { clock, screen, stop }: Pick<Context, "clock" | "screen" | "stop">,
  { checkpoints, activity }: Pick<Bridge, "checkpoints" | "activity">,
  { listen, stallMs, metrics, wakes }: MonitorOptions,
): Promise<Monitor> {
  let turnedMs = clock.now();
  let last: RunSummary | null = null;

  /** Why the loop is stalled; null when it is not. */
  const stalled = (): string | null => {
    const silentMs = clock.now() - turnedMs;
    return silentMs > stallMs
      ? `no run has begun or ended for ${Math.round(silentMs / 1_000)} seconds`
      : null;
  };

  const unready = async (): Promise<string | null> => {
    if (stop.aborted) return "the process is about to end";
    if (last === null) return "the first run has not ended";
    const stream = last.streams.find(({ key }) => !key.endsWith("*"))?.key as StreamKey | undefined;
    const answered = new AbortController();
    const asked = (stream ? checkpoints.load(stream) : activity.activeSince(anyClockMs)).then(
      () => null,
      () => "the store cannot be read",
    );
    const late = clock.sleep(storeLimitMs, answered.signal).then(() => "the store does not respond");
    try {
      return (await Promise.race([asked, late])) ?? unrecorded(last);
    } finally {
      answered.abort();
    }
  };

  const server = createServer(async (request, response) => {
    const path = request.url?.split("?")[0];
    if (wakes && path === "/wake") return wakes.respond(request, response);
    request.resume();
    if (request.method !== "GET" && request.method !== "HEAD") return respond(response, 405, "GET only");
    switch (path) {
      case "/healthz":
        return respondState(response, stalled());
      case "/readyz":
        return respondState(response, await unready());
      case "/metrics":
        return respond(response, 200, await metrics.prometheusText(), prometheusType);
      default:
        return respond(response, 404, "GET /healthz, /readyz or /metrics");
    }
  });
  screen.err.line(["dim", `listening at ${await listenAt(server, listen)}`]);

  return {
    observer: {
      ran: (summary) => {
        turnedMs = clock.now();
        last = summary;
      },
    },
    turned: () => {
      turnedMs = clock.now();
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Why the last run could not record what it read, such as a full disk; null when it could. */
const unrecorded = ({ streams }: RunSummary): string | null =>
  streams.some(({ error }) => error?.code === "STORE_FAILED")
    ? "the last run could not record a stream"
    : null;

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

const respondState = (response: ServerResponse, problem: string | null): void =>
  respond(response, problem === null ? 200 : 503, problem ?? "ok");

function respond(response: ServerResponse, status: number, text: string, type = "text/plain"): void {
  response.writeHead(status, { "content-type": type }).end(type === "text/plain" ? `${text}\n` : text);
}

/** @throws ConfigError when it cannot listen on the address */
async function listenAt(server: Server, listen: string): Promise<string> {
  const { host, port } = addressOf("--listen", listen);
  try {
    await once(server.listen(port, host), "listening");
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw usageError("--listen", "an address of this machine with a port that is free and allowed", listen);
  }
  const { address, family, port: taken } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${taken}`;
}
