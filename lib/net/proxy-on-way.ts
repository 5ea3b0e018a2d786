import { type AgentOptions, proxyVariables } from "./agent.ts";
import { noProxyMatcher, parseProxy } from "./proxy.ts";

/**
 * The proxy on the way to a host: its origin, without user and password. Null for none. `own` is the destination's own
 * option.
 * @throws ProxyError when the proxy's URL is none
 */
export function proxyOnWay(
  { protocol, hostname, port }: URL,
  own: AgentOptions["proxy"],
  environment: Readonly<Record<string, string | undefined>>,
): URL | null {
  const variables = proxyVariables(own, environment);
  if (!variables) return null;
  const isSecure = protocol === "https:";
  const proxy = isSecure ? variables.https : variables.http;
  const host = hostname.replace(/^\[|\]$/g, "");
  if (proxy === "" || noProxyMatcher(variables.noProxy)(host, port || (isSecure ? "443" : "80"))) return null;
  return new URL(parseProxy(proxy).origin);
}
