import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Environment } from "../core/environment.ts";
import { type AgentOptions, openAgent } from "../net/agent.ts";
import { exchange } from "../net/exchange.ts";
import { networkFailure, networkFailureText } from "../net/network-errors.ts";
import { preludes, UnexpectedReply } from "./prelude.ts";

const timeoutMs = 10_000;
const maxBodyBytes = 4_096;

/** Address to ask, and how. */
export type ReachOptions = Pick<AgentOptions, "tls" | "proxy"> & { readonly url: URL };

/** Result of asking an address. */
export interface Reach {
  /** Why it cannot be reached; null when it can. */
  readonly problem: string | null;
  readonly answer: string;
}

/** Connects to an address and takes leave: by GET of `/` over HTTP, so without a secret path, else by TCP and TLS alone. */
export async function checkReach(
  options: ReachOptions,
  { environment }: { readonly environment: Environment },
): Promise<Reach> {
  const { url } = options;
  const place = `${url.protocol}//${url.host}`;
  try {
    const answer = /^https?:$/.test(url.protocol)
      ? await answerOf(options, environment)
      : await handshakeWith(options);
    return { problem: null, answer: `${place} ${answer}` };
  } catch (error) {
    return { problem: `${place}: ${problemOf(error)}`, answer: "" };
  }
}

function problemOf(error: unknown): string {
  const failure = networkFailure(error);
  if (failure) return networkFailureText(failure);
  return error instanceof UnexpectedReply ? error.message : "no answer in time";
}

/** Any HTTP answer shows that the host can be reached. */
async function answerOf({ url, tls, proxy }: ReachOptions, environment: Environment): Promise<string> {
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
    return `answers (HTTP ${status})`;
  } finally {
    await close();
  }
}

const defaultPorts: Readonly<Record<string, number>> = {
  "amqp:": 5672,
  "amqps:": 5671,
  "mqtt:": 1883,
  "mqtts:": 8883,
  "redis:": 6379,
  "rediss:": 6379,
};

async function handshakeWith({ url, tls }: ReachOptions): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port) || (defaultPorts[url.protocol] ?? 0);
  const signal = AbortSignal.timeout(timeoutMs);
  const secure = { ...(isIP(host) === 0 && { servername: host }), ...tls };
  const isSecure = /^(?:amqps|mqtts|rediss|smtps|kafka\+tls):$/.test(url.protocol);
  let socket: Socket = isSecure ? connectTls({ host, port, ...secure }) : connect({ host, port });
  try {
    await once(socket, isSecure ? "secureConnect" : "connect", { signal });
    const isUpgraded = !isSecure && (await preludes[url.protocol]?.(socket, signal));
    if (isUpgraded) {
      socket = connectTls({ socket, host, ...secure });
      await once(socket, "secureConnect", { signal });
    }
    return isSecure || isUpgraded
      ? `accepts TLS, certificate until ${expiryOf(socket as TLSSocket)}`
      : "accepts connections";
  } finally {
    socket.destroy();
  }
}

const expiryOf = (socket: TLSSocket): string =>
  new Date(socket.getPeerCertificate().valid_to).toISOString().slice(0, 10);
