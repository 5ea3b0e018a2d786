import { Agent, type Dispatcher } from "undici";
import { inFlight } from "../async/in-flight.ts";
import { addressGuard, type GuardOptions, guardedConnector } from "./address-guard.ts";

export interface AgentOptions {
  /** Which addresses may be connected to; all where left out. */
  readonly guard?: GuardOptions;
  /** At once to one origin; without limit where left out. */
  readonly connections?: number;
  /** How long an idle connection is kept where the server does not say. @default 4 s, as undici has it */
  readonly keepAliveMs?: number;
}

export interface AgentDeps {
  /** In place of the network; it is left open. */
  readonly dispatcher?: Dispatcher;
}

/** Where requests are sent. */
export interface OpenedAgent {
  readonly dispatcher: Dispatcher;
  /** Lets requests under way finish, then frees the connections. May be called again. */
  close(): Promise<void>;
}

/** For one address, its TLS included. */
const connectTimeoutMs = 5_000;

/** The way to servers over HTTP/1.1. Connects to nothing before the first request. */
export function openAgent(
  { guard, connections, keepAliveMs }: AgentOptions = {},
  { dispatcher }: AgentDeps = {},
): OpenedAgent {
  if (dispatcher) return { dispatcher, close: async () => {} };
  const agent = new Agent({
    // The build leaves HTTP/2 out.
    allowH2: false,
    connect: guard ? guardedConnector(addressGuard(guard), connectTimeoutMs) : { timeout: connectTimeoutMs },
    ...(connections && { connections }),
    ...(keepAliveMs && { keepAliveTimeout: keepAliveMs }),
  });
  return { dispatcher: agent, close: inFlight(() => agent.close()).close };
}
