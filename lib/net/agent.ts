import { Agent, buildConnector, type Dispatcher } from "undici";
import { inFlight } from "../async/in-flight.ts";
import { addressGuard, type GuardOptions } from "./address-guard.ts";
import { guardedConnector } from "./guarded-connector.ts";
import type { ProxyVariables } from "./proxy.ts";

/** TLS settings, as PEM texts. */
export interface TlsOptions {
  /** Certificate authorities to trust instead of Node's own. @default Node's own */
  readonly ca?: string | undefined;
  /** Client certificate, with its intermediate certificates. @default none */
  readonly cert?: string | undefined;
  /** Private key of the client certificate. @default none */
  readonly key?: string | undefined;
}

/** Settings of an HTTP agent. */
export interface AgentOptions {
  /** Addresses that may be connected to. @default all */
  readonly guard?: GuardOptions | undefined;
  /** Certificates for TLS. @default Node's own authorities and no client certificate */
  readonly tls?: TlsOptions | undefined;
  /** Proxy URL for all connections, or false for none. @default the environment's proxy variables */
  readonly proxy?: string | false | undefined;
  /** Concurrent connections to one origin. @default unlimited */
  readonly connections?: number;
  /** Milliseconds to keep an idle connection when the server does not say. @default 4,000, undici's own */
  readonly keepAliveMs?: number;
}

/** Injected parts of an HTTP agent. */
export interface AgentDeps {
  /** Holds HTTPS_PROXY, HTTP_PROXY and NO_PROXY. @default no proxy */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Used instead of the network; stays open on close. @default an own agent */
  readonly dispatcher?: Dispatcher;
}

/** An open HTTP agent. */
export interface OpenedAgent {
  readonly dispatcher: Dispatcher;
  /** Waits for requests in flight, then frees the connections. May be called again. */
  close(): Promise<void>;
}

/** Limit for one connection, TLS included; a proxy's response has a limit of its own of this length. */
const connectTimeoutMs = 5_000;

/** Opens an HTTP/1.1 agent, through a proxy where one is set. It does not connect before the first request. */
export function openAgent(options: AgentOptions, { dispatcher, environment = {} }: AgentDeps): OpenedAgent {
  if (dispatcher) return { dispatcher, close: async () => {} };
  const { connections, keepAliveMs } = options;
  const agent = new Agent({
    // The build leaves HTTP/2 out.
    allowH2: false,
    connect: connectorOf(options, environment),
    // Each exchange has a time limit of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(connections && { connections }),
    ...(keepAliveMs && { keepAliveTimeout: keepAliveMs }),
  });
  return { dispatcher: agent, close: inFlight(() => agent.close()).close };
}

function connectorOf(
  { guard, tls, proxy }: AgentOptions,
  environment: NonNullable<AgentDeps["environment"]>,
): buildConnector.connector {
  const connecting = { ...tls, timeout: connectTimeoutMs, allowH2: false };
  const direct = guard ? guardedConnector(addressGuard(guard), connecting) : buildConnector(connecting);
  const variables = proxyVariables(proxy, environment);
  if (!variables) return direct;
  let loading: Promise<buildConnector.connector> | null = null;
  return (options, callback) => {
    loading ??= import("./proxy.ts").then(({ proxyConnector }) =>
      proxyConnector({ variables, direct, guard: guard ?? null, connecting }),
    );
    loading.then(
      (connect) => connect(options, callback),
      (error: Error) => callback(error, null),
    );
  };
}

/** Reads the proxy variables; null when no proxy is set. */
export function proxyVariables(
  own: AgentOptions["proxy"],
  environment: NonNullable<AgentDeps["environment"]>,
): ProxyVariables | null {
  if (own === false) return null;
  if (own !== undefined) return { http: own, https: own, noProxy: "" };
  // Lower-case names first, like curl.
  const read = (name: string): string => (environment[name.toLowerCase()] || environment[name] || "").trim();
  const [http, https] = [read("HTTP_PROXY"), read("HTTPS_PROXY")];
  return http || https ? { http, https, noProxy: read("NO_PROXY") } : null;
}
