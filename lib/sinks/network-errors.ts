import { errors } from "undici";
import { refusedAddressCode } from "./address-guard.ts";
import type { Refusal } from "./answer.ts";

type Trouble = Pick<Refusal, "kind" | "reason"> & { readonly problem: string };

const network = (problem: string): Trouble => ({ kind: "retry", reason: "network", problem });
const slow: Trouble = { kind: "retry", reason: "timeout", problem: "no answer in time" };
const dropped = network("the connection broke");
const unreachable = network("cannot be reached");
const noTls = network("no TLS connection can be agreed on");
const untrusted = network("the certificate is not trusted");

/** Every failure that a network is known to cause, by Node's and undici's codes. */
const troubles: ReadonlyMap<string, Trouble> = new Map([
  ["ETIMEDOUT", slow],
  ["UND_ERR_BODY_TIMEOUT", slow],
  ["UND_ERR_CONNECT_TIMEOUT", slow],
  ["UND_ERR_HEADERS_TIMEOUT", slow],
  ["EAI_AGAIN", network("the name cannot be resolved now")],
  ["EAI_FAIL", network("the name cannot be resolved")],
  ["ENOTFOUND", network("the name is not known")],
  ["ECONNREFUSED", network("refuses connections")],
  ["EADDRNOTAVAIL", unreachable],
  ["EHOSTDOWN", unreachable],
  ["EHOSTUNREACH", unreachable],
  ["ENETDOWN", unreachable],
  ["ENETUNREACH", unreachable],
  ["ECONNABORTED", dropped],
  ["ECONNRESET", dropped],
  ["EPIPE", dropped],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", dropped],
  ["UND_ERR_SOCKET", dropped],
  ["UND_ERR_CLOSED", network("the sink is closed")],
  ["UND_ERR_DESTROYED", network("the sink is closed")],
  ["UND_ERR_HEADERS_OVERFLOW", network("the answer's headers are too large")],
  ["EPROTO", noTls],
  ["CERT_HAS_EXPIRED", network("the certificate has expired")],
  ["CERT_NOT_YET_VALID", network("the certificate is not valid yet")],
  ["CERT_REVOKED", untrusted],
  ["CERT_UNTRUSTED", untrusted],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", untrusted],
  ["ERR_TLS_CERT_ALTNAME_INVALID", network("the certificate is for another host")],
  ["SELF_SIGNED_CERT_IN_CHAIN", untrusted],
  ["UNABLE_TO_GET_ISSUER_CERT", untrusted],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", untrusted],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", untrusted],
  [
    refusedAddressCode,
    { kind: "blocked", reason: "refused_address", problem: "its address is not open to this sink" },
  ],
]);

/** What a request's failure comes to; null for one that no network causes, which is a defect. */
export function networkRefusal(error: unknown, origin: string): Refusal | null {
  const trouble = troubleOf(error);
  if (!trouble) return null;
  const { kind, reason, problem } = trouble;
  return { kind, reason, detail: `${origin}: ${problem}` };
}

function troubleOf(error: unknown): Trouble | null {
  // undici's parser errors carry no code that can be relied on.
  if (error instanceof errors.HTTPParserError) return network("the answer is not HTTP");
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) return null;
  const { code } = error;
  const trouble = troubles.get(code) ?? (code.startsWith("ERR_SSL_") ? noTls : null);
  return trouble && { ...trouble, problem: `${trouble.problem} (${code})` };
}
