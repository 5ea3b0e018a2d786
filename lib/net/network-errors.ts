import { errors } from "undici";

/** Kinds of network failures, by how they are handled. `barred`: a proxy refuses the request. */
export type NetworkFault = "lost" | "slow" | "untrusted" | "garbled" | "unmade" | "barred";

/** A network failure of a request. */
export interface NetworkFailure {
  readonly fault: NetworkFault;
  /** Description for messages; it quotes no foreign text. */
  readonly problem: string;
  /** Error code of Node or undici; null where none is reliable. */
  readonly code: string | null;
}

/** A proxy failed or refused. The message names it, without user and password. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly fault: NetworkFault;
  readonly code: string;

  constructor(message: string, { fault, code }: Pick<ProxyError, "fault" | "code">) {
    super(message);
    this.fault = fault;
    this.code = code;
  }
}

type Known = Pick<NetworkFailure, "fault" | "problem">;

const lost = (problem: string): Known => ({ fault: "lost", problem });
const untrusted = (problem: string): Known => ({ fault: "untrusted", problem });
const slow: Known = { fault: "slow", problem: "no response in time" };
const dropped = lost("the connection broke");
const unreachable = lost("the host cannot be reached");
const closed = lost("the client is closed");
const noTls = untrusted("no TLS connection can be agreed on");
const stranger = untrusted("the certificate is not trusted");

const known: ReadonlyMap<string, Known> = new Map([
  ["ETIMEDOUT", slow],
  ["UND_ERR_BODY_TIMEOUT", slow],
  ["UND_ERR_CONNECT_TIMEOUT", slow],
  ["UND_ERR_HEADERS_TIMEOUT", slow],
  ["EAI_AGAIN", lost("the host's name cannot be resolved now")],
  ["EAI_FAIL", lost("the host's name cannot be resolved")],
  ["ENOTFOUND", lost("the host's name is not known")],
  ["ECONNREFUSED", lost("the host refuses connections")],
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
  ["UND_ERR_CLOSED", closed],
  ["UND_ERR_DESTROYED", closed],
  ["UND_ERR_HEADERS_OVERFLOW", { fault: "garbled", problem: "the response headers are too large" }],
  ["EPROTO", noTls],
  ["CERT_HAS_EXPIRED", untrusted("the certificate has expired")],
  ["CERT_NOT_YET_VALID", untrusted("the certificate is not valid yet")],
  ["CERT_REVOKED", stranger],
  ["CERT_UNTRUSTED", stranger],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", stranger],
  ["ERR_TLS_CERT_ALTNAME_INVALID", untrusted("the certificate is for another host")],
  ["SELF_SIGNED_CERT_IN_CHAIN", stranger],
  ["UNABLE_TO_GET_ISSUER_CERT", stranger],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", stranger],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", stranger],
]);

/**
 * Classifies a request's failure. Codes that are not listed count as network failures too, since connecting, DNS and
 * TLS have more codes than any table. Null for an error without a code, which only a defect causes.
 */
export function networkFailure(error: unknown): NetworkFailure | null {
  if (error instanceof ProxyError) return { fault: error.fault, problem: error.message, code: error.code };
  // undici's parser errors carry no reliable code.
  if (error instanceof errors.HTTPParserError)
    return { fault: "garbled", problem: "the response is not HTTP", code: null };
  const code = codeOf(error);
  return code === null ? null : { ...(known.get(code) ?? unlisted(code)), code };
}

/** Codes of undici and Node for invalid requests, such as a header with a line break. */
const unmade = /^(UND_ERR_(INVALID|REQ_|ABORTED|NOT_SUPPORTED)|ERR_(INVALID|HTTP|UNESCAPED)_)/;
const tls = /^ERR_(SSL|TLS|OSSL)_/;
/** Codes of the system, the resolver, undici and Node. OpenSSL's certificate errors have no prefix. */
const system = /^(E[A-Z0-9]+|EAI_[A-Z]+|UND_ERR_[A-Z_]+|ERR_[A-Z_]+)$/;

function unlisted(code: string): Known {
  if (unmade.test(code)) return { fault: "unmade", problem: "the request cannot be made" };
  if (tls.test(code)) return noTls;
  return system.test(code) ? lost("the connection failed") : stranger;
}

/** Code of an error, or of the first of several: a host with several addresses fails with an AggregateError. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ("code" in error && typeof error.code === "string" && /^[A-Z][A-Z0-9_]+$/.test(error.code))
    return error.code;
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return parts.reduce<string | null>((found, part) => found ?? codeOf(part), null);
}

/** Formats the failure with its code, for messages. */
export const networkFailureText = ({ problem, code }: NetworkFailure): string =>
  code === null ? problem : `${problem} (${code})`;
