import * as v from "valibot";
import type { DeliveryResult, Refusal } from "../../core/result.ts";
import { networkRefusal } from "../http/network.ts";
import { errorTree } from "./causes.ts";

type NatsRefusal = Pick<Refusal, "kind" | "reason"> & { readonly problem: string };

const forbidden = (problem: string): NatsRefusal => ({ kind: "blocked", reason: "unauthorized", problem });
const network = (problem: string): NatsRefusal => ({ kind: "retry", reason: "network", problem });
const noStream: NatsRefusal = {
  kind: "blocked",
  reason: "unroutable",
  problem: "no stream of JetStream listens on the subject",
};
const noResponse: NatsRefusal = {
  kind: "blocked",
  reason: "unroutable",
  problem: "the response on the subject is not that of a JetStream stream",
};
const outOfRoom: NatsRefusal = {
  kind: "retry",
  reason: "throttled",
  problem: "the server has no room for it",
};
const full: NatsRefusal = { kind: "retry", reason: "throttled", problem: "the stream is full" };
const crowded: NatsRefusal = {
  kind: "retry",
  reason: "throttled",
  problem: "it has all the connections it may have",
};
const tooLarge = (problem: string): NatsRefusal => ({ kind: "permanent", reason: "too_large", problem });

/** Client errors by class name, the only property they all share. */
const refusalClasses: ReadonlyMap<string, NatsRefusal> = new Map([
  ["AuthorizationError", forbidden("the login is refused")],
  ["UserAuthenticationExpiredError", forbidden("the credentials have expired")],
  ["NoResponders", noStream],
  ["TimeoutError", { kind: "retry", reason: "timeout", problem: "no confirmation in time" }],
  ["ClosedConnectionError", network("the connection broke")],
  ["DrainingConnectionError", network("the connection is closing")],
  ["ProtocolError", network("the server ended the connection")],
  ["NotNats", { kind: "retry", reason: "server_error", problem: "not a NATS response" }],
]);

/** Client errors that have no class of their own, by their message. */
const sentences: readonly (readonly [RegExp, NatsRefusal])[] = [
  [/^unable to parse credentials$/, forbidden("the credentials are none")],
  [/^nkeys: /, forbidden("the seed of the nkey is none")],
  [/\bmax_payload\b/, tooLarge("larger than the server takes")],
  [/^server does not support 'tls'/, network("it offers no TLS")],
  [/^(connection closed|connection disconnected|connection refused)$/, network("the connection broke")],
];

/** JetStream API error codes: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const apiRefusals: ReadonlyMap<number, NatsRefusal> = new Map([
  [10_023, outOfRoom],
  [10_047, outOfRoom],
  [10_054, tooLarge("larger than the stream takes")],
  [10_109, { kind: "blocked", reason: "rejected", problem: "the stream is sealed" }],
]);

const unstored: NatsRefusal = {
  kind: "retry",
  reason: "server_error",
  problem: "the stream did not store it",
};
const storeFailed = 10_077;

/** Maps a failure to connect or publish to a reason; null for an error that neither NATS nor the network causes. */
export function natsRefusal(error: unknown, origin: string): Refusal | null {
  const tree = errorTree(error);
  const found = tree.flatMap((each) => networkRefusal(each, origin) ?? []);
  if (found[0]) return found[0];
  // A request's error wraps a more specific one.
  const [refusalClass] = tree.toReversed().flatMap((each) => refusalOf(each) ?? []);
  return refusalClass ? asRefusal(refusalClass, origin) : null;
}

const asRefusal = ({ kind, reason, problem }: NatsRefusal, origin: string): Refusal => ({
  kind,
  reason,
  detail: `${origin}: ${problem}`,
});

function refusalOf(error: Error): NatsRefusal | null {
  if (error.name === "PermissionViolationError")
    return "operation" in error && error.operation === "subscription"
      ? forbidden("subscribing to _INBOX.> is not allowed, where the confirmations come")
      : forbidden("publishing to the subject is not allowed");
  if (error.name === "ProtocolError" && /maximum .*connections/i.test(error.message)) return crowded;
  const named = refusalClasses.get(error.name);
  if (named) return named;
  return sentences.find(([text]) => text.test(error.message))?.[1] ?? null;
}

/**
 * Maps the response to a published event to a result. Only an acknowledgement with the stream's name and the sequence in
 * it proves that a stream stored the event (or its repeat): anyone may subscribe to the subject and respond.
 */
export function publishResult(response: string, origin: string): DeliveryResult {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), publishResponse), response);
  if (!parsed.success) return asRefusal(noResponse, origin);
  const { error } = parsed.output;
  return error ? asRefusal(apiRefusal(error), origin) : { kind: "accepted" };
}

const publishResponse = v.union([
  v.looseObject({
    error: v.looseObject({ err_code: v.number(), description: v.fallback(v.string(), "") }),
  }),
  v.looseObject({
    error: v.optional(v.undefined()),
    stream: v.pipe(v.string(), v.minLength(1)),
    seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  }),
]);

interface ApiError {
  readonly err_code: number;
  readonly description: string;
}

function apiRefusal({ err_code: code, description }: ApiError): NatsRefusal {
  // A store fails for many reasons; only the stream's own limits use these words.
  const isFull = code === storeFailed && /^maximum (messages|bytes)/.test(description);
  const { problem, ...refusalClass } = (isFull ? full : apiRefusals.get(code)) ?? unstored;
  return { ...refusalClass, problem: `${problem} (JetStream error ${code})` };
}
