import {
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  ErrorReply,
  SocketClosedUnexpectedlyError,
} from "@redis/client";
import type { Refusal, RefusalClass } from "../../core/result.ts";
import { networkRefusal } from "../http/network.ts";

const forbidden: RefusalClass = ["blocked", "unauthorized"];
const elsewhere: RefusalClass = ["blocked", "redirected"];
const later: RefusalClass = ["retry", "server_error"];
const full: RefusalClass = ["retry", "throttled"];

/** Redis errors by their first word; the rest of the text may quote the command. */
const refusalClasses: ReadonlyMap<string, RefusalClass> = new Map([
  ["NOAUTH", forbidden],
  ["DENIED", forbidden],
  ["WRONGPASS", forbidden],
  ["NOPERM", forbidden],
  ["MOVED", elsewhere],
  ["ASK", elsewhere],
  ["CROSSSLOT", elsewhere],
  ["OOM", full],
  ["BUSY", later],
  ["CLUSTERDOWN", later],
  ["LOADING", later],
  ["MASTERDOWN", later],
  ["MISCONF", later],
  ["NOREPLICAS", later],
  // A failover made the server a replica; the next connection may reach the new primary.
  ["READONLY", later],
  ["TRYAGAIN", later],
]);

/** Hints for the operator, by error. */
const meanings: ReadonlyMap<string, string> = new Map([
  ["NOAUTH", "it asks for a password"],
  ["DENIED", "without a password it takes connections from its own machine only"],
  ["WRONGPASS", "the login is refused"],
  ["NOPERM", "the user may not add to the stream"],
  ["MOVED", "the stream is on another node of a cluster"],
  ["ASK", "the stream is moving to another node of a cluster"],
  ["CROSSSLOT", "the stream and its marks are not on one node of a cluster"],
  ["OOM", "it is out of memory"],
  ["LOADING", "it is still reading its data"],
  ["READONLY", "it is a replica, which takes no writes"],
  ["WRONGTYPE", "the key holds something else than a stream"],
]);

/** Errors that begin with `ERR`, by their text. */
const sentences: readonly (readonly [sentence: RegExp, refusalClass: RefusalClass])[] = [
  [/^ERR max number of clients/, full],
  [/^ERR Protocol error: invalid bulk length/, ["permanent", "too_large"]],
  [/^ERR (invalid password|Client sent AUTH|AUTH )/i, forbidden],
  // A server that requires a password returns this for a long command before AUTH.
  [/^ERR Protocol error: unauthenticated/, forbidden],
];

/** Any other refusal concerns the command and the key, not the event. */
const misfit: RefusalClass = ["blocked", "rejected"];

/** Maps a failure to a reason; null for an error that neither Redis nor the network causes, which is a defect. */
export function redisRefusal(error: unknown, origin: string): Refusal | null {
  const asRefusal = (kind: Refusal["kind"], reason: Refusal["reason"], problem: string): Refusal => ({
    kind,
    reason,
    detail: `${origin}: ${problem}`,
  });
  if (error instanceof ErrorReply) {
    const [code = ""] = /^[A-Z]+/.exec(error.message) ?? [];
    const said = sentences.find(([sentence]) => sentence.test(error.message))?.[1];
    const [kind, reason] = said ?? refusalClasses.get(code) ?? misfit;
    const meaning = meanings.get(code);
    return asRefusal(kind, reason, `Redis answers ${code || "an error"}${meaning ? `: ${meaning}` : ""}`);
  }
  if (error instanceof ConnectionTimeoutError) return asRefusal("retry", "timeout", "no response in time");
  if (lostConnection.some((kind) => error instanceof kind))
    return asRefusal("retry", "network", "the connection broke");
  return networkRefusal(error, origin);
}

const lostConnection = [
  ClientClosedError,
  ClientOfflineError,
  DisconnectsClientError,
  SocketClosedUnexpectedlyError,
];
