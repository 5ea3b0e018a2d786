import { Agent, buildConnector, type Dispatcher } from "undici";
import { inFlight } from "../async/in-flight.ts";
import { addressGuard, type GuardOptions, guardedConnector } from "./address-guard.ts";
import type { ProxyVariables } from "./proxy.ts";

/** PEM texts. */
export interface TlsOptions {
  /** Authorities to trust, in place of Node's own. */
  readonly ca?: string | undefined;
  /** A client certificate, with those between it and its authority. */
  readonly cert?: string | undefined;
  /** The client certificate's private key. */
  readonly key?: string | undefined;
}

export interface AgentOptions {
  /** Which addresses may be connected to; all where left out. */
  readonly guard?: GuardOptions | undefined;
  readonly tls?: TlsOptions | undefined;
  /** A proxy's URL for all connections, or false for none; the environment's where left out. */
  readonly proxy?: string | false | undefined;
  /** At once to one origin; without limit where left out. */
  readonly connections?: number;
  /** How long an idle connection is kept where the server does not say. @default 4 s, as undici has it */
  readonly keepAliveMs?: number;
}

export interface AgentDeps {
  /** Where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are; without it every connection is direct. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** In place of the network; it is left open. */
  readonly dispatcher?: Dispatcher;
}

/** Where requests are sent. */
export interface OpenedAgent {
  readonly dispatcher: Dispatcher;
  /** Lets requests under way finish, then frees the connections. May be called again. */
  close(): Promise<void>;
}

/** For one connection, its TLS included; the same again for a proxy's answer. */
const connectTimeoutMs = 5_000;

/** The way to servers over HTTP/1.1, through a proxy where one is set. Connects to nothing before the first request. */
export function openAgent(options: AgentOptions, { dispatcher, environment = {} }: AgentDeps): OpenedAgent {
  if (dispatcher) return { dispatcher, close: async () => {} };
  const { connections, keepAliveMs } = options;
  const agent = new Agent({
    // The build leaves HTTP/2 out.
    allowH2: false,
    connect: connectorOf(options, environment),
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

/** Null where no proxy is set. */
function proxyVariables(
  own: AgentOptions["proxy"],
  environment: NonNullable<AgentDeps["environment"]>,
): ProxyVariables | null {
  if (own === false) return null;
  if (own !== undefined) return { http: own, https: own, noProxy: "" };
  // The lower-case name first, as curl has it.
  const read = (name: string): string => (environment[name.toLowerCase()] || environment[name] || "").trim();
  const [http, https] = [read("HTTP_PROXY"), read("HTTPS_PROXY")];
  return http || https ? { http, https, noProxy: read("NO_PROXY") } : null;
}
