import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, type Random, systemClock } from "../core/clock.ts";
import { type AuthOptions, admission } from "./auth.ts";
import { refusal } from "./errors.ts";
import type { FaultName } from "./fault-table.ts";
import { type Faults, type FaultTarget, type OperationName, switchboard } from "./faults.ts";
import { hexId } from "./random.ts";
import { type ReceivedRequest, receive } from "./request.ts";
import type { SimulatedResponse } from "./response.ts";
import { answerCall, routeOf } from "./routes.ts";
import { send } from "./send.ts";
import { createWorld, type World } from "./world.ts";

/** Options of a simulator. */
export interface SimulatorOptions extends AuthOptions {
  readonly random: Random;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** @default an empty world */
  readonly world?: World;
  /** @default 0, which takes any free port */
  readonly port?: number;
  /** Called for each request before its response. @default not called */
  readonly onRequest?: (request: RecordedRequest) => void;
}

/** A request that the simulator received. */
export interface RecordedRequest {
  /** From 1, in order of arrival. */
  readonly number: number;
  readonly receivedAtMs: number;
  readonly method: string;
  /** Decoded path; null when it cannot be decoded. */
  readonly path: string | null;
  readonly query: Readonly<Record<string, string>>;
  /** "unknown" for a request that is not part of the API. */
  readonly operation: OperationName | "unknown";
  /** The instance's id; empty when the call has none. */
  readonly instance: string;
  /** The response's status; null when none was sent. */
  readonly status: number | null;
  /** Faults applied to it. */
  readonly faults: readonly FaultName[];
}

/** A running simulator. */
export interface Simulator {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly world: World;
  readonly faults: Faults;
  /** The latest requests, oldest first; at most 10,000. */
  readonly requests: readonly RecordedRequest[];
  /** Number of requests received since the start. */
  requestCount(): number;
  /** Closes every connection, idle or in use. */
  close(): Promise<void>;
}

const maxRecorded = 10_000;

/**
 * Simulates the DMS and DCS task APIs and IAM's token call, on loopback.
 * Rejects with the system's error, such as EADDRINUSE, when the port is not available.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { random, clock = systemClock, world = createWorld({ clock, random }), onRequest } = options;
  const faults = switchboard(random);
  const admit = admission(options, { clock, random });
  const requests: RecordedRequest[] = [];
  const closing = new AbortController();
  let count = 0;

  function responseTo(
    request: ReceivedRequest,
    route: ReturnType<typeof routeOf>,
    struck: FaultName[],
  ): SimulatedResponse {
    const requestId = hexId(random);
    const stamp = (plain: SimulatedResponse): SimulatedResponse => ({
      ...plain,
      headers: {
        ...plain.headers,
        "x-request-id": requestId,
        date: new Date(clock.now()).toUTCString(),
      },
    });
    if (request.body === null) return stamp(refusal("bodyTooLarge", requestId));
    if (typeof route === "string") return stamp(refusal(route, requestId));
    const { operation, instanceId } = route;
    const target: FaultTarget = { operation, instanceId, hit: (name) => struck.push(name) };
    const plain =
      admit(request, route, requestId) ??
      answerCall({ route, query: request.query, world, faults, target, requestId });
    return faults.strike("response", stamp(plain), target);
  }

  function record(request: RecordedRequest): void {
    requests.push(request);
    if (requests.length > maxRecorded) requests.shift();
    onRequest?.(request);
  }

  const server = createServer(limits, async (incoming, response) => {
    const number = ++count;
    const receivedAtMs = clock.now();
    const request = await receive(incoming);
    if (request === null) return;
    const route = routeOf(request);
    const struck: FaultName[] = [];
    const simulated = responseTo(request, route, struck);
    record({
      number,
      receivedAtMs,
      method: request.method,
      path: request.path,
      query: Object.fromEntries(request.query),
      operation: typeof route === "string" ? "unknown" : route.operation,
      instance: typeof route === "string" ? "" : route.instanceId,
      status: ["hang", "reset"].includes(simulated.wire.kind) ? null : simulated.status,
      faults: struck,
    });
    await send(simulated, response, clock, { signal: closing.signal });
  });

  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    world,
    faults,
    requests,
    requestCount: () => count,
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The gateway's limits: 32 KB of headers, and connections that outlast the usual pause between two polls. */
const limits = { maxHeaderSize: 32 * 1024, keepAliveTimeout: 60_000 };

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}
