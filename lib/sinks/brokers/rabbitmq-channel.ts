import { type ConfirmChannel, connect, type Options } from "amqplib";
import { asReply } from "./rabbitmq-errors.ts";

/** The outcome of one message. `failed`: neither confirmed nor refused, because of `cause`. */
export type PublishResult =
  | { readonly kind: "confirmed" }
  | { readonly kind: "returned" }
  | { readonly kind: "refused" }
  | { readonly kind: "failed"; readonly cause: unknown };

/** A message to publish. */
export interface RabbitMqMessage {
  readonly routingKey: string;
  readonly body: Buffer;
  readonly properties: Options.Publish & { readonly messageId: string };
}

/** A channel in confirm mode, alone on its connection. */
export interface Channel {
  isLost(): boolean;
  /** Sends before it returns, so calls keep their order. Rejects with the client's error on a closed channel. */
  publish(exchange: string, message: RabbitMqMessage): Promise<PublishResult>;
  close(): Promise<void>;
}

/** Address and limits of a channel. */
export interface ChannelOptions {
  readonly server: Options.Connect;
  readonly tls: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  /** Destroys the socket. */
  readonly signal: AbortSignal;
  /** The server's reason for blocking publishers while it lacks memory or disk. */
  onBlocked(reason: string): void;
}

/** Connects and opens a channel. Rejects with the client's error. */
export async function openChannel(options: ChannelOptions): Promise<Channel> {
  const { tls, signal, timeoutMs: timeout } = options;
  const socketOptions = { ...tls, signal, timeout, noDelay: true };
  const connection = await connect(options.server, {
    ...socketOptions,
    clientProperties: { connection_name: "dms-task-bridge" },
  }).catch((error: unknown) => {
    throw asReply(error);
  });
  let isConnected = true;
  let isLost = false;
  let cause: unknown = new Error("channel closed");
  const lost = (error?: unknown): void => {
    isLost = true;
    if (error !== undefined) cause = asReply(error);
  };
  connection.on("error", lost).on("blocked", options.onBlocked);
  connection.on("close", (error) => {
    isConnected = false;
    lost(error);
  });

  const channel = await connection.createConfirmChannel();
  // "error" fires before the callbacks of unconfirmed messages, so they know the cause.
  channel.on("error", lost).on("close", () => lost());
  const returned = returnedIds(channel);
  return {
    isLost: () => isLost,
    publish: (exchange, { routingKey, body, properties }) =>
      new Promise((resolve) => {
        channel.publish(exchange, routingKey, body, properties, (error: unknown) => {
          const wasReturned = returned.delete(properties.messageId);
          if (error === null) resolve({ kind: wasReturned ? "returned" : "confirmed" });
          else resolve(isNack(error) ? { kind: "refused" } : { kind: "failed", cause });
        });
      }),
    close: async () => {
      if (isConnected) await connection.close();
    },
  };
}

const isNack = (error: unknown): boolean => error instanceof Error && error.message === "message nacked";

/** A message that no queue takes is returned before it is confirmed; it is confirmed all the same. */
function returnedIds(channel: ConfirmChannel): Set<string> {
  const ids = new Set<string>();
  channel.on("return", ({ properties }) => void ids.add(properties.messageId));
  return ids;
}
