import type { Refusal } from "../../core/result.ts";
import { networkRefusal } from "../http/network.ts";

type RabbitMqProblem = Pick<Refusal, "kind" | "reason"> & { readonly problem: string };

const failure = (kind: Refusal["kind"], reason: Refusal["reason"], problem: string): RabbitMqProblem => ({
  kind,
  reason,
  problem,
});

const broken = failure("retry", "network", "the connection broke");
const closedVirtualHost = failure(
  "blocked",
  "unauthorized",
  "the virtual host is not there, is not open to the user, or has all the connections it may have",
);

const fullOfConnections = failure("retry", "throttled", "it has all the connections it may have");

/** Reply codes with which RabbitMQ closes a channel or connection: https://github.com/rabbitmq/amqp-0.9.1-spec */
const replies: ReadonlyMap<number, RabbitMqProblem> = new Map([
  [320, failure("retry", "network", "the server closed the connection")],
  [402, closedVirtualHost],
  [403, failure("blocked", "unauthorized", "the user is refused, or may not publish there")],
  [404, failure("blocked", "not_found", "the exchange is not there")],
  [406, failure("blocked", "rejected", "the server does not take such messages")],
  [530, closedVirtualHost],
  [506, failure("retry", "throttled", "the server has no room now")],
]);

/** Client errors without a code, by their message. */
const sentences: readonly (readonly [sentence: RegExp, failure: RabbitMqProblem])[] = [
  [/^Expected ConnectionOpenOk; got <ConnectionClose/, closedVirtualHost],
  [/^SASL mechanism/, failure("blocked", "unauthorized", "the server takes no user and password")],
  [/^connect ETIMEDOUT$/, failure("retry", "timeout", "no response in time")],
  [/^(Heartbeat timeout|Unexpected close|Socket closed abruptly|Channel|channel closed)/, broken],
  [
    /^(no AMQP$|Frame|Invalid frame|Expected|Server frameMax)/,
    failure("retry", "network", "the response is not AMQP"),
  ],
];

/** A connection failure. An unknown one means that the client could not parse the server's data. */
export const asReply = (error: unknown): unknown =>
  rabbitMqRefusal(error, "") === null ? new Error("no AMQP", { cause: error }) : error;

/** Maps a connection or channel failure to a reason; null for an error that no server causes, which is a defect. */
export function rabbitMqRefusal(error: unknown, origin: string): Refusal | null {
  const found = error instanceof Error ? failureOf(error) : null;
  if (!found) return networkRefusal(error, origin);
  return { kind: found.kind, reason: found.reason, detail: `${origin}: ${found.problem}` };
}

function failureOf(error: Error): RabbitMqProblem | null {
  if (error.name === "IllegalOperationError") return broken;
  const code = replyCode(error);
  if (code === 530 && /connection limit/.test(error.message)) return fullOfConnections;
  if (code !== null) {
    const { kind, reason, problem } =
      replies.get(code) ?? failure("retry", "server_error", "the server refused it");
    return { kind, reason, problem: `${problem} (${code})` };
  }
  if ("code" in error) return null;
  return sentences.find(([sentence]) => sentence.test(error.message))?.[1] ?? null;
}

function replyCode(error: Error): number | null {
  if ("code" in error && typeof error.code === "number") return error.code;
  const [, code] = /^Handshake terminated by server: (\d+)/.exec(error.message) ?? [];
  return code === undefined ? null : Number(code);
}

/** The server's message size limit, bytes, when it closed the channel over a message's size; null otherwise. */
export function sizeLimit(error: unknown): number | null {
  const message = error instanceof Error && replyCode(error) === 406 ? error.message : "";
  const [, bytes] = /larger than (?:configured )?max size (\d+)/.exec(message) ?? [];
  return bytes === undefined ? null : Number(bytes);
}
