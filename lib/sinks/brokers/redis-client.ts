import { isIP } from "node:net";
import { createClient, ErrorReply } from "@redis/client";
import type { BrokerAddress } from "./address.ts";
import { type TlsOptions, tlsSettings } from "./options.ts";

export { redisRefusal } from "./redis-errors.ts";

export type RedisClient = ReturnType<typeof newClient>;

/** What the client needs to know beside the address. */
export interface RedisClientOptions {
  /** Ends the socket. */
  readonly signal: AbortSignal;
  readonly tls?: TlsOptions | undefined;
}

/** Connects. Rejects as the client does. */
export async function openClient(address: BrokerAddress, options: RedisClientOptions): Promise<RedisClient> {
  const client = newClient(address, options);
  // Each failure also rejects what waits for it.
  client.on("error", () => {});
  await client.connect();
  // A server that wants a password says so to a short command; over a long one it hangs up, and its words get lost.
  if (address.password === undefined) await client.ping().catch(unlessForbidden);
  return client;
}

/** A user may lack the right to this command and have all that the sink needs. */
function unlessForbidden(error: unknown): void {
  if (!(error instanceof ErrorReply) || /^(NOAUTH|DENIED)/.test(error.message)) throw error;
}

function newClient({ host, port, isTls, user, password, path }: BrokerAddress, options: RedisClientOptions) {
  const socket = {
    host,
    ...(port !== undefined && { port }),
    signal: options.signal,
    connectTimeout: 0,
    reconnectStrategy: false,
  } as const;
  const secured = {
    ...socket,
    tls: true,
    ...(isIP(host) === 0 && { servername: host }),
    ...(options.tls && tlsSettings(options.tls)),
  } as const;
  return createClient({
    // The older protocol, which proxies and old servers speak too.
    RESP: 2,
    socket: isTls ? secured : socket,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(path !== "" && { database: Number(path) }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
  });
}
