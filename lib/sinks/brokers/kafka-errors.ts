import * as v from "valibot";
import type { Refusal, RefusalClass } from "../../core/result.ts";
import { networkRefusal } from "../http/network.ts";
import { errorTree } from "./causes.ts";

const forbidden: RefusalClass = ["blocked", "unauthorized"];
const noTopic: RefusalClass = ["blocked", "unroutable"];
const tooLarge: RefusalClass = ["permanent", "too_large"];
const rejected: RefusalClass = ["permanent", "rejected"];

/** Kafka errors by name that are not simply transient. https://kafka.apache.org/protocol#protocol_error_codes */
const refusalClasses: ReadonlyMap<string, RefusalClass> = new Map([
  ["SASL_AUTHENTICATION_FAILED", forbidden],
  ["UNSUPPORTED_SASL_MECHANISM", forbidden],
  ["ILLEGAL_SASL_STATE", forbidden],
  ["TOPIC_AUTHORIZATION_FAILED", forbidden],
  ["CLUSTER_AUTHORIZATION_FAILED", forbidden],
  ["TRANSACTIONAL_ID_AUTHORIZATION_FAILED", forbidden],
  ["UNKNOWN_TOPIC_OR_PARTITION", noTopic],
  ["UNKNOWN_TOPIC_ID", noTopic],
  ["INVALID_TOPIC_EXCEPTION", noTopic],
  ["MESSAGE_TOO_LARGE", tooLarge],
  ["RECORD_LIST_TOO_LARGE", tooLarge],
  ["INVALID_RECORD", rejected],
  ["POLICY_VIOLATION", rejected],
  ["REQUEST_TIMED_OUT", ["retry", "timeout"]],
  ["THROTTLING_QUOTA_EXCEEDED", ["retry", "throttled"]],
]);

/** Prefix of the client's own error codes, except for `OUT_OF_BOUNDS` of its reader. */
const ownCodes = "PLT_KFK_";
const pastTheEnd = "OUT_OF_BOUNDS";

const later: RefusalClass = ["retry", "server_error"];

/** Maps a Kafka error name to a refusal. */
export function kafkaRefusal(id: string, origin: string): Refusal {
  const [kind, reason] = refusalClasses.get(id) ?? later;
  const meaning = meanings.get(id);
  return { kind, reason, detail: `${origin}: ${id}${meaning ? `, ${meaning}` : ""}` };
}

/** Explanations for names that alone mislead. */
const meanings: ReadonlyMap<string, string> = new Map([
  ["ILLEGAL_SASL_STATE", "the listener takes no sasl"],
  ["UNSUPPORTED_SASL_MECHANISM", "the listener takes another sasl mechanism"],
  ["TOPIC_AUTHORIZATION_FAILED", "the user may not write to the topic"],
  ["CLUSTER_AUTHORIZATION_FAILED", "the user may not produce with idempotence"],
]);

/**
 * Maps a failure of the whole request to a refusal; null for an error that neither Kafka nor the network causes. When
 * brokers and attempts failed in different ways, the one that an operator must fix comes first. `broken` means that a
 * connection ended without an error.
 */
export function requestRefusal(
  error: unknown,
  origin: string,
  broken = "the connection broke",
): Refusal | null {
  const found = errorTree(error).flatMap((each) => refusalOf(each, origin, broken) ?? []);
  return found.find(({ kind }) => kind === "blocked") ?? found[0] ?? unreadable(error, origin);
}

/** Parser errors below a client error concern the response; `USER` errors concern the client's own arguments. */
function unreadable(error: unknown, origin: string): Refusal | null {
  const codes = errorTree(error).flatMap((each) => ("code" in each ? String(each.code) : []));
  if (!codes.some((code) => code.startsWith(ownCodes)) || codes.includes("PLT_KFK_USER")) return null;
  return { kind: "retry", reason: "server_error", detail: `${origin}: not a Kafka response` };
}

/** Result of an event whose topic and partition no response names. */
export const unconfirmed = (origin: string): Refusal => ({
  kind: "retry",
  reason: "server_error",
  detail: `${origin}: the answer confirms another partition`,
});

function refusalOf(error: Error, origin: string, broken: string): Refusal | null {
  const code = "code" in error ? String(error.code) : "";
  const isOwn = code.startsWith(ownCodes) || code === pastTheEnd;
  const network = isOwn ? null : networkRefusal(error, origin);
  if (network) return network;
  const id = "apiId" in error ? error.apiId : undefined;
  if (typeof id === "string") return kafkaRefusal(id, origin);
  const said = sentences.find(([text]) => text.test(error.message))?.[1];
  if (said) return { ...said, detail: `${origin}: ${said.detail}` };
  if (code === "PLT_KFK_UNSUPPORTED_API")
    return { kind: "blocked", reason: "rejected", detail: `${origin}: it is too old for this client` };
  // A failure without a cause is a connection that ended.
  return code === "PLT_KFK_NETWORK" && error.cause === undefined
    ? { kind: "retry", reason: "network", detail: `${origin}: ${broken}` }
    : null;
}

/** Client errors that have no code, by their message. */
const sentences: readonly (readonly [RegExp, Refusal])[] = [
  [/^Unknown topic /, { kind: "blocked", reason: "unroutable", detail: "UNKNOWN_TOPIC_OR_PARTITION" }],
  [/ timed out\.$/, { kind: "retry", reason: "timeout", detail: "no response in time" }],
  [/^Broker requires TLS/, { kind: "retry", reason: "network", detail: "it asks for TLS" }],
];

const produceFailure = v.object({
  errors: v.array(v.object({ apiCode: v.number(), apiId: v.string() })),
  response: v.object({
    responses: v.array(
      v.object({
        name: v.string(),
        partitionResponses: v.array(v.object({ index: v.number(), errorCode: v.number() })),
      }),
    ),
  }),
});

const producedBefore = v.object({
  produced: v.object({ offsets: v.array(v.object({ topic: v.string(), partition: v.number() })) }),
});

/** Errors of a failed produce request by partition of the topic: null when accepted, else Kafka's error. */
export function partitionOutcomes(error: unknown, topic: string): ReadonlyMap<number, string | null> {
  const outcomes = new Map<number, string | null>();
  if (v.is(producedBefore, error))
    for (const each of error.produced.offsets) if (each.topic === topic) outcomes.set(each.partition, null);
  for (const failure of errorTree(error)) {
    if (!v.is(produceFailure, failure)) continue;
    const names = new Map(failure.errors.map(({ apiCode, apiId }) => [apiCode, apiId]));
    const mine = failure.response.responses.filter(({ name }) => name === topic);
    for (const { index, errorCode } of mine.flatMap((each) => each.partitionResponses)) {
      // Records stored by one attempt stay stored when the next one fails.
      if (outcomes.get(index) !== null) outcomes.set(index, names.get(errorCode) ?? null);
    }
  }
  return outcomes;
}
