import type { Environment } from "../core/environment.ts";
import { type AgentOptions, openAgent } from "../net/agent.ts";
import { exchange } from "../net/exchange.ts";
import { networkFailure, networkFailureText } from "../net/network-errors.ts";

const timeoutMs = 10_000;
const maxBodyBytes = 4_096;

/** Where and how to ask. */
export type ReachOptions = Pick<AgentOptions, "tls" | "proxy"> & { readonly url: URL };

/** Result of asking an address. */
export interface Reach {
  /** Why no answer came; null when one came. */
  readonly problem: string | null;
  readonly answer: string;
}

/** Asks an address's host for `/` by GET, so without its secret path: any HTTP answer shows that it can be reached. */
export async function checkReach(
  { url, tls, proxy }: ReachOptions,
  { environment }: { readonly environment: Environment },
): Promise<Reach> {
  const { dispatcher, close } = openAgent({ tls, proxy }, { environment });
  try {
    const { status } = await exchange(
      dispatcher,
      {
        origin: url.origin,
        path: "/",
        method: "GET",
        headers: { "user-agent": "dms-task-bridge" },
        body: null,
        timeoutMs,
        maxBodyBytes,
        isStatusEnough: true,
      },
      { signal: AbortSignal.timeout(timeoutMs) },
    );
    return { problem: null, answer: `HTTP ${status}` };
  } catch (error) {
    const failure = networkFailure(error);
    const problem = failure ? networkFailureText(failure) : "no answer in time";
    return { problem: `${url.origin}: ${problem}`, answer: "" };
  } finally {
    await close();
  }
}
