import { errors } from "undici";
import { SourceError, type SourceFailure } from "../errors.ts";

const unreachable = "the endpoint cannot be reached";
const dropped = "the connection broke";
const slow = "no answer in time";
const untrusted = "the endpoint's certificate is not trusted";

/** Every failure that a network is known to cause, by Node's and undici's codes. */
const problems: ReadonlyMap<string, readonly [SourceFailure, string]> = new Map([
  ["EADDRNOTAVAIL", ["unavailable", unreachable]],
  ["EAI_AGAIN", ["unavailable", "the endpoint's name cannot be resolved now"]],
  ["ECONNABORTED", ["unavailable", dropped]],
  ["ECONNREFUSED", ["unavailable", "the endpoint refuses connections"]],
  ["ECONNRESET", ["unavailable", dropped]],
  ["EHOSTDOWN", ["unavailable", unreachable]],
  ["EHOSTUNREACH", ["unavailable", unreachable]],
  ["ENETDOWN", ["unavailable", unreachable]],
  ["ENETUNREACH", ["unavailable", unreachable]],
  ["ENOTFOUND", ["unavailable", "the endpoint's name is not known; check region and endpoint"]],
  ["EPIPE", ["unavailable", dropped]],
  ["ETIMEDOUT", ["unavailable", slow]],
  ["UND_ERR_BODY_TIMEOUT", ["unavailable", slow]],
  ["UND_ERR_CLOSED", ["unavailable", "the source was closed"]],
  ["UND_ERR_CONNECT_TIMEOUT", ["unavailable", slow]],
  ["UND_ERR_DESTROYED", ["unavailable", "the source was closed"]],
  ["UND_ERR_HEADERS_OVERFLOW", ["malformed", "the answer's headers are too large"]],
  ["UND_ERR_HEADERS_TIMEOUT", ["unavailable", slow]],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", ["unavailable", "the answer is cut off"]],
  ["UND_ERR_SOCKET", ["unavailable", dropped]],
  ["CERT_HAS_EXPIRED", ["rejected", "the endpoint's certificate has expired"]],
  ["CERT_NOT_YET_VALID", ["rejected", "the endpoint's certificate is not valid yet"]],
  ["CERT_REVOKED", ["rejected", untrusted]],
  ["CERT_UNTRUSTED", ["rejected", untrusted]],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", ["rejected", untrusted]],
  ["EPROTO", ["rejected", "no TLS connection can be agreed on"]],
  ["ERR_SSL_WRONG_VERSION_NUMBER", ["rejected", "the endpoint does not speak TLS"]],
  ["ERR_TLS_CERT_ALTNAME_INVALID", ["rejected", "the endpoint's certificate is for another host"]],
  ["SELF_SIGNED_CERT_IN_CHAIN", ["rejected", untrusted]],
  ["UNABLE_TO_GET_ISSUER_CERT", ["rejected", untrusted]],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", ["rejected", untrusted]],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", ["rejected", untrusted]],
]);

/** What a request's failure means; null for one that no network causes, which is a defect. */
export function networkFailure(operation: string, error: unknown): SourceError | null {
  // undici's parser errors carry no code that can be relied on.
  if (error instanceof errors.HTTPParserError) {
    return new SourceError("malformed", `${operation}: the answer is not HTTP`, { cause: error });
  }
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) return null;
  const [reason, problem] = problems.get(error.code) ?? [];
  return reason
    ? new SourceError(reason, `${operation}: ${problem} (${error.code})`, { cause: error })
    : null;
}
