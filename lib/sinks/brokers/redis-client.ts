import { isIP } from "node:net";
import { createClient, ErrorReply } from "@redis/client";
import type { BrokerAddress } from "./address.ts";
import { type BrokerTlsOptions, tlsSettings } from "./options.ts";

export { redisRefusal } from "./redis-errors.ts";

/** A client of one Redis server. */
export type RedisClient = ReturnType<typeof newClient>;

/** Client options besides the address. */
export interface RedisClientOptions {
  /** Destroys the socket. */
  readonly signal: AbortSignal;
  /** Certificates, for a rediss URL. @default the system's authorities */
  readonly tls?: BrokerTlsOptions | undefined;
}

/** Connects. Rejects with the client's error. */
export async function openClient(address: BrokerAddress, options: RedisClientOptions): Promise<RedisClient> {
  const client = newClient(address, options);
  // Ignored here: each failure also rejects the pending commands.
  client.on("error", () => {});
  await client.connect();
  // A short command first: a server that requires a password refuses it clearly, but hangs up on a long one.
  if (address.password === undefined) await client.ping().catch(unlessForbidden);
  return client;
}

/** Ignores a missing permission for this command: the sink does not need it. */
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
    // RESP2, which proxies and old servers also speak.
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
