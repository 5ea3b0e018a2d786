import { type AgentOptions, type OpenedAgent, openAgent } from "../../net/agent.ts";
import type { SinkDeps } from "../sink.ts";

/** The sink options that decide where it may connect. */
export interface Destination extends Pick<AgentOptions, "tls" | "proxy"> {
  readonly url: string;
  readonly allowPrivateNetwork: boolean | readonly string[];
}

/** An agent that connects only where the options allow: plain http only into opened networks. */
export const guardedAgent = (
  { url, allowPrivateNetwork, tls, proxy }: Destination,
  deps: SinkDeps,
): OpenedAgent =>
  openAgent(
    { guard: { allow: allowPrivateNetwork, onlyAllowed: new URL(url).protocol === "http:" }, tls, proxy },
    deps,
  );
