import * as v from "valibot";
import type { Refusal } from "../../core/result.ts";
import { networkRefusal } from "../http/network.ts";
import { errorTree } from "./error-tree.ts";

type Verdict = Pick<Refusal, "kind" | "reason"> & { readonly problem: string };

const forbidden = (problem: string): Verdict => ({ kind: "blocked", reason: "unauthorized", problem });
const network = (problem: string): Verdict => ({ kind: "retry", reason: "network", problem });
const noStream: Verdict = {
  kind: "blocked",
  reason: "unroutable",
  problem: "no stream of JetStream listens on the subject",
};
const tooLarge = (problem: string): Verdict => ({ kind: "permanent", reason: "too_large", problem });

/** By the class names of the client, which are the only thing that all its errors have. */
const verdicts: ReadonlyMap<string, Verdict> = new Map([
  ["AuthorizationError", forbidden("the login is refused")],
  ["UserAuthenticationExpiredError", forbidden("the credentials have expired")],
  ["PermissionViolationError", forbidden("publishing to the subject is not allowed")],
  ["NoResponders", noStream],
  ["JetStreamNotEnabled", noStream],
  ["TimeoutError", { kind: "retry", reason: "timeout", problem: "no confirmation in time" }],
  ["ClosedConnectionError", network("the connection broke")],
  ["DrainingConnectionError", network("the connection is closing")],
  ["ProtocolError", network("the server ended the connection")],
]);

/** What the client says in words only. */
const sentences: readonly (readonly [RegExp, Verdict])[] = [
  [/^unable to parse credentials$/, forbidden("the credentials are none")],
  [/^nkeys: /, forbidden("the seed of the nkey is none")],
  [/\bmax_payload\b/, tooLarge("larger than the server takes")],
  [/^server does not support 'tls'/, network("it offers no TLS")],
  [
    /^unexpected response from server$/,
    { kind: "retry", reason: "server_error", problem: "the answer is none of NATS's" },
  ],
  [/^connection closed$/, network("the connection broke")],
];

const apiError = v.object({ name: v.literal("JetStreamApiError"), code: v.number(), status: v.number() });
const messageTooLarge = 10_054;

/** What a failure to connect or publish comes to; null for one that neither NATS nor the network causes. */
export function natsRefusal(error: unknown, origin: string): Refusal | null {
  const tree = errorTree(error);
  const found = tree.flatMap((each) => networkRefusal(each, origin) ?? []);
  if (found[0]) return found[0];
  // A request's error wraps what says more.
  const [verdict] = tree.toReversed().flatMap((each) => verdictOf(each) ?? []);
  return verdict
    ? { kind: verdict.kind, reason: verdict.reason, detail: `${origin}: ${verdict.problem}` }
    : null;
}

function verdictOf(error: Error): Verdict | null {
  if (v.is(apiError, error)) {
    const code = `JetStream error ${error.code}`;
    return error.code === messageTooLarge
      ? tooLarge(`larger than the stream takes (${code})`)
      : { kind: "retry", reason: "server_error", problem: code };
  }
  const named = verdicts.get(error.name);
  if (named) return named;
  return sentences.find(([text]) => text.test(error.message))?.[1] ?? null;
}
