import { type LookupAddress, lookup } from "node:dns";
import { type BlockList, isIP, type Socket } from "node:net";
import { buildConnector, Client } from "undici";
import { addressGuard, type GuardOptions, has, isCidr, rangesOf } from "./address-guard.ts";
import { refusedAddress } from "./guarded-connector.ts";
import { networkFailure, ProxyError } from "./network-errors.ts";

/** Proxy settings, as the environment has them. */
export interface ProxyVariables {
  /** Proxy URLs for plain http and for https; empty for none. */
  readonly http: string;
  readonly https: string;
  /** Hosts to connect to directly, in the format of NO_PROXY. */
  readonly noProxy: string;
}

/** Connectors and limits of a proxied agent. */
export interface ProxyWays {
  readonly variables: ProxyVariables;
  /** Connector for hosts without a proxy. */
  readonly direct: buildConnector.connector;
  /** Address guard for target hosts; null allows all. */
  readonly guard: GuardOptions | null;
  /** Connect time limit and the host's TLS options. */
  readonly connecting: buildConnector.BuildOptions & { readonly timeout: number };
}

type ConnectTarget = buildConnector.Options;
/** Resolves a name to its addresses; null when it cannot be resolved here. */
export type Resolve = (name: string) => Promise<readonly string[] | null>;

/**
 * Connects through the proxy that is set for a host. CONNECT is used for https and plain http alike, so a proxy neither
 * reads nor answers requests. undici's ProxyAgent has no address guard, and its errors do not name the proxy.
 */
export function proxyConnector(ways: ProxyWays, resolve: Resolve = resolveHere): buildConnector.connector {
  const { variables, direct, guard, connecting } = ways;
  const isDirect = noProxyMatcher(variables.noProxy);
  const secure = buildConnector(connecting);
  const open = async (target: ConnectTarget, url: string): Promise<Socket> => {
    if (guard) await holdTo(guard, target.hostname, resolve);
    return tunnel(parseProxy(url), hostAndPort(target), connecting.timeout);
  };
  return (target, callback) => {
    const url = target.protocol === "https:" ? variables.https : variables.http;
    if (url === "" || isDirect(target.hostname, portOf(target))) return direct(target, callback);
    open(target, url).then(
      (httpSocket) =>
        target.protocol === "https:"
          ? secure({ ...target, httpSocket }, callback)
          : callback(null, httpSocket),
      (error: Error) => callback(error, null),
    );
  };
}

const portOf = ({ port, protocol }: ConnectTarget): string => port || (protocol === "https:" ? "443" : "80");

const hostAndPort = (target: ConnectTarget): string =>
  `${isIP(target.hostname) === 6 ? `[${target.hostname}]` : target.hostname}:${portOf(target)}`;

/** Limit for DNS behind a proxy, where public names often do not resolve. */
const resolveWithinMs = 2_000;

const resolveHere: Resolve = (name) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, resolveWithinMs, null);
    lookup(name, { all: true }, (error: Error | null, found: LookupAddress[]) => {
      clearTimeout(timer);
      resolve(error ? null : found.map(({ address }) => address));
    });
  });

/**
 * Refuses a host if any of its addresses is not permitted: the proxy resolves the name again and may choose another. A
 * name that cannot be resolved here is left to the proxy, unless only listed networks are open.
 */
async function holdTo(guard: GuardOptions, hostname: string, resolve: Resolve): Promise<void> {
  const addresses = isIP(hostname) === 0 ? await resolve(hostname) : [hostname];
  const isOpen = addresses ? addresses.every(addressGuard(guard)) : !guard.onlyAllowed;
  if (!isOpen) throw refusedAddress();
}

interface Proxy {
  readonly origin: string;
  /** Host and port, for TLS to the proxy itself. */
  readonly host: string;
  /** Value of the Proxy-Authorization header; null without user and password. */
  readonly authorization: string | null;
}

/** Parses a proxy's URL, with or without a scheme. @throws ProxyError */
export function parseProxy(text: string): Proxy {
  // The variables often have no scheme.
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (!url || !/^https?:$/.test(url.protocol)) {
    const expected =
      "the configured proxy is not an http or https URL: check HTTPS_PROXY, HTTP_PROXY or proxy";
    throw new ProxyError(expected, { fault: "barred", code: "PROXY_URL" });
  }
  const login = `${decoded(url.username)}:${decoded(url.password)}`;
  const authorization = login === ":" ? null : `Basic ${Buffer.from(login).toString("base64")}`;
  return { origin: url.origin, host: url.host, authorization };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** Opens a tunnel through the proxy to `host` (`name:port`). @throws ProxyError */
async function tunnel(proxy: Proxy, host: string, timeoutMs: number): Promise<Socket> {
  const { origin, authorization } = proxy;
  const connect = buildConnector({ timeout: timeoutMs, allowH2: false });
  const client = new Client(origin, {
    allowH2: false,
    headersTimeout: timeoutMs,
    // The proxy's own name; undici would take the one in the request's header.
    connect: (options, callback) => connect({ ...options, host: proxy.host, servername: "" }, callback),
  });
  const headers = { host, ...(authorization && { "proxy-authorization": authorization }) };
  try {
    const { status, socket } = await responseTo(client, { method: "CONNECT", path: host, headers });
    // An `error` event without a listener would end the process.
    socket.on("error", () => {});
    if (status >= 200 && status <= 299) return socket;
    socket.destroy();
    throw refusal(proxy, status);
  } catch (error) {
    const failure = networkFailure(error);
    if (!failure || error instanceof ProxyError) throw error;
    const { fault, problem, code } = failure;
    // Wraps the code: undici reconnects endlessly after some of its own.
    throw new ProxyError(`the proxy ${origin}: ${problem}`, { fault, code: `PROXY_${code ?? "NOT_HTTP"}` });
  } finally {
    void client.destroy();
  }
}

const responseTo = (client: Client, request: Parameters<Client["dispatch"]>[0]) =>
  new Promise<{ readonly status: number; readonly socket: Socket }>((resolve, reject) => {
    client.dispatch(request, {
      onRequestStart() {},
      onRequestUpgrade: (_, status, __, socket) => resolve({ status, socket: socket as Socket }),
      onResponseError: (_, error) => reject(error),
    });
  });

/** Maps a proxy's refusal of CONNECT to an error; temporary statuses are retried. */
function refusal({ origin, authorization }: Proxy, status: number): ProxyError {
  const code = `PROXY_HTTP_${status}`;
  if (status === 407) {
    const what = authorization ? "refuses its user and password" : "asks for a user and password";
    return new ProxyError(`the proxy ${origin} ${what}`, { fault: "barred", code });
  }
  if (status === 408 || status === 504)
    return new ProxyError(`the proxy ${origin} got no response from the host in time`, {
      fault: "slow",
      code,
    });
  if (status === 429 || status >= 500)
    return new ProxyError(`the proxy ${origin} cannot reach the host now`, { fault: "lost", code });
  return new ProxyError(`the proxy ${origin} does not connect to the host`, { fault: "barred", code });
}

/** Cloud metadata services, which only answer this machine directly. */
const neverProxied = "169.254.0.0/16 fd00:ec2::/32";

/**
 * Whether NO_PROXY names a host. A name also matches its subdomains, `.suffix` only those; addresses and CIDR ranges
 * match too, each with or without a port; `*` matches all. https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
export function noProxyMatcher(noProxy: string): (hostname: string, port: string) => boolean {
  const entries = `${neverProxied} ${noProxy}`.split(/[\s,]+/).filter(Boolean);
  const matchers = entries.map(entryMatcher);
  return (hostname, port) => {
    const name = hostname.toLowerCase().replace(/\.$/, "");
    return matchers.some((matches) => matches(name, port));
  };
}

function entryMatcher(text: string): (name: string, port: string) => boolean {
  const entry = text.toLowerCase();
  if (entry === "*") return () => true;
  if (isCidr(entry)) return inRange(rangesOf([entry]));
  const [, bracketed, bare, ownPort] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  const host = (bracketed ?? bare ?? entry).replace(/^\*(?=\.)/, "").replace(/\.$/, "");
  const isNamed: (name: string, port: string) => boolean =
    isIP(host) > 0
      ? inRange(rangesOf([`${host}/${isIP(host) === 6 ? 128 : 32}`]))
      : (name) => name === host || name.endsWith(host.startsWith(".") ? host : `.${host}`);
  return (name, port) => (ownPort === undefined || ownPort === port) && isNamed(name, port);
}

const inRange =
  (range: BlockList) =>
  (name: string): boolean =>
    isIP(name) > 0 && has(range, name);
