import type { LoadedConfig } from "../../../config/load.ts";
import { ProxyError } from "../../../net/network-errors.ts";
import { proxyOnWay } from "../../../net/proxy-on-way.ts";
import { taskEndpoint } from "../../../source/endpoints.ts";
import { checkReach } from "../../../wire/reach.ts";
import type { Context } from "../../context.ts";
import { type CheckResult, failed, ok } from "./finding.ts";
import { addressesOf, wayTo } from "./sink-checks.ts";

const mend = "correct HTTPS_PROXY, HTTP_PROXY or the option proxy, or name the hosts in NO_PROXY";

interface Way {
  readonly name: string;
  readonly url: URL;
  readonly proxy?: string | false | undefined;
}

/** Says which proxy is on the way to each source and sink over HTTP, and connects to it. */
export async function checkProxies(
  context: Context,
  loaded: Pick<LoadedConfig, "config" | "sinks">,
): Promise<CheckResult> {
  const byProxy = new Map<string, Set<string>>();
  for (const { name, url, proxy } of waysOf(context, loaded)) {
    try {
      const origin = proxyOnWay(url, proxy, context.environment)?.origin ?? "";
      byProxy.set(origin, (byProxy.get(origin) ?? new Set()).add(name));
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      return failed(`${name}: ${error.message}`, mend);
    }
  }
  const direct = byProxy.get("");
  byProxy.delete("");
  if (byProxy.size === 0) return ok("none on the way to any source or sink");
  const reached = await Promise.all(Array.from(byProxy, ([origin, names]) => reach(context, origin, names)));
  const found = [
    ...reached.map(({ text }) => text),
    ...(direct ? [`none for ${[...direct].join(", ")}`] : []),
  ];
  return reached.every(({ isReached }) => isReached) ? ok(found.join("; ")) : failed(found.join("; "), mend);
}

async function reach(context: Context, origin: string, names: ReadonlySet<string>) {
  const { protocol, hostname, port } = new URL(origin);
  const url = new URL(`tcp://${hostname}:${port || (protocol === "https:" ? 443 : 80)}`);
  const { problem, answer } = await checkReach({ url }, context);
  const said = (problem ?? answer).replace(/^tcp:\S*?(?=:? )/, "");
  return {
    isReached: problem === null,
    text: `${origin} for ${[...names].join(", ")}${problem === null ? "" : said}`,
  };
}

function waysOf(context: Context, { config, sinks }: Pick<LoadedConfig, "config" | "sinks">): readonly Way[] {
  const sources = config.sources.map((source) => ({
    name: `source ${source.engine}/${source.region}`,
    url: taskEndpoint(source),
    proxy: source.proxy,
  }));
  const others = Array.from(sinks).flatMap(([name, sink]) => {
    const addresses = addressesOf(sink, context);
    const urls = "result" in addresses ? [] : addresses.filter(({ protocol }) => /^https?:$/.test(protocol));
    return urls.map((url) => ({ ...wayTo(url, sink), name: `sink ${name}` }));
  });
  return [...sources, ...others];
}
