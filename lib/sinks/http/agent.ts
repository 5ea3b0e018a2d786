import { type AgentOptions, type OpenedAgent, openAgent } from "../../net/agent.ts";
import type { SinkDeps } from "../sink.ts";

/** What says of a sink's options where it may connect. */
export interface Destination extends Pick<AgentOptions, "tls" | "proxy"> {
  readonly url: string;
  readonly allowPrivateNetwork: boolean | readonly string[];
}

/** Connects only where the options allow: plain http into opened networks alone. */
export const guardedAgent = (
  { url, allowPrivateNetwork, tls, proxy }: Destination,
  deps: SinkDeps,
): OpenedAgent =>
  openAgent(
    { guard: { allow: allowPrivateNetwork, onlyAllowed: new URL(url).protocol === "http:" }, tls, proxy },
    deps,
  );
