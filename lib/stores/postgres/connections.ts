import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Client, type ClientConfig, Pool, type PoolClient } from "pg";
import { inFlight } from "../../async/in-flight.ts";
import type { Clock } from "../../core/clock.ts";
import type { PostgresAddress } from "../../options/postgres-url.ts";

/**
 * Servers allow a hundred connections by default, and many functions may run at once.
 * https://www.postgresql.org/docs/current/runtime-config-connection.html
 */
const maxConnections = 4;
const connectMs = 5_000;
const idleMs = 10_000;
/**
 * The server's limit for one statement, milliseconds. The client's own limit, for a server that hangs, is slightly
 * longer.
 */
export const statementMs = 10_000;
const responseMs = 12_000;
/** Time for an orderly close, milliseconds, before the socket is destroyed: a server that hangs never answers. */
const goodbyeMs = 1_000;
/** Maximum bytes that a server sends before it is ready. */
const maxGreetingBytes = 65_536;

/** Settings of connections. */
export interface ConnectionOptions {
  readonly url: PostgresAddress;
  /** @default the URL's */
  readonly password?: string | undefined;
  /** Authorities to trust, in PEM. @default the system's authorities */
  readonly ca?: string | undefined;
}

/** Runs statements on one connection. Rejects like the client. */
export type SqlConnection = Pick<Client, "query">;

/** A small pool of connections, opened on demand and closed when idle. */
export interface Connections {
  /** Runs `work` on a connection that `prepare` accepted. A connection with any failure is discarded. */
  use<Result>(work: (connection: SqlConnection) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Creates a pool. It does not connect before the first use. */
export function openConnections(
  { url, password, ca }: ConnectionOptions,
  prepare: (connection: SqlConnection) => Promise<void>,
  clock: Clock,
): Connections {
  const secret = password ?? url.password ?? "";
  const sockets = new Set<Socket>();
  class OwnClient extends Client {
    readonly socket: Socket;
    constructor(config: ClientConfig = {}) {
      const socket = new Socket();
      // A function keeps the client from reading a password from the environment or a user's file.
      super({ ...config, password: () => secret, stream: () => socket });
      this.socket = socket;
      sockets.add(socket.once("close", () => sockets.delete(socket)));
      let isGreeting = true;
      const isAllowed = (): boolean => !isGreeting || socket.bytesRead <= maxGreetingBytes;
      this.once("connect", () => {
        isGreeting = false;
      });
      guard(socket, isAllowed);
      this.connection.once("sslconnect", () => guard(this.connection.stream, isAllowed));
      // Each failure also rejects the calls that wait for it.
      this.on("error", () => {});
    }
  }
  const pool = new Pool({
    Client: OwnClient,
    host: url.host,
    port: url.port,
    user: url.user,
    database: url.database,
    ssl: tlsOf(url, ca),
    application_name: "dms-task-bridge",
    max: maxConnections,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: idleMs,
    query_timeout: responseMs,
    keepAlive: true,
  });
  pool.on("error", () => {});
  const usedAtMs = new WeakMap<object, number>();

  async function acquire() {
    for (;;) {
      const client = (await pool.connect()) as PoolClient & OwnClient;
      const drop = (): void => {
        client.socket.destroy();
        client.release(true);
      };
      const atMs = usedAtMs.get(client);
      if (atMs !== undefined && clock.now() - atMs < idleMs) return { client, drop };
      if (atMs === undefined) {
        try {
          await prepare(client);
          return { client, drop };
        } catch (error) {
          drop();
          throw error;
        }
      }
      // After a freeze, a function wakes with connections that were closed unnoticed.
      drop();
    }
  }

  const end = async (): Promise<void> => {
    const done = new AbortController();
    const late = clock.sleep(goodbyeMs, done.signal);
    await Promise.race([pool.end(), late]);
    done.abort(null);
    for (const socket of sockets) socket.destroy();
  };

  return {
    use: async (work) => {
      const { client, drop } = await acquire();
      try {
        const result = await work(client);
        usedAtMs.set(client, clock.now());
        client.release();
        return result;
      } catch (error) {
        drop();
        throw error;
      }
    },
    close: inFlight(end).close,
  };
}

function tlsOf({ sslmode }: PostgresAddress, ca: string | undefined) {
  if (sslmode === "disable") return false;
  return {
    ...(ca !== undefined && { ca }),
    rejectUnauthorized: sslmode !== "require",
    ...(sslmode === "verify-ca" && { checkServerIdentity: () => undefined }),
  };
}

/**
 * Fails a stream on data that no PostgreSQL server sends: the client's parser trusts the lengths it receives, and its
 * exceptions would be uncaught.
 */
function guard(stream: Duplex, isAllowed: () => boolean): void {
  const emit = stream.emit.bind(stream);
  const refuse = (): boolean => {
    stream.destroy(new GarbledError());
    return true;
  };
  stream.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== "data") return emit(event, ...values);
    try {
      return isAllowed() ? emit(event, ...values) : refuse();
    } catch {
      return refuse();
    }
  };
}

/** The server accepts no writes. */
export class ReadOnlyError extends Error {
  override readonly name = "ReadOnlyError";
}

/** The response is not PostgreSQL's protocol. */
export class GarbledError extends Error {
  override readonly name = "GarbledError";
}
