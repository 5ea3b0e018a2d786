import { errors } from "undici";

/** What a network did to a request, as far as it decides what follows. `barred`: a proxy does not let it through. */
export type NetworkFault = "lost" | "slow" | "untrusted" | "garbled" | "unmade" | "barred";

export interface NetworkTrouble {
  readonly fault: NetworkFault;
  /** For messages; it quotes nothing. */
  readonly problem: string;
  /** Node's or undici's; null where there is none to rely on. */
  readonly code: string | null;
}

/** A proxy stands in the way. The message names it, without its user and password. */
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

type Known = Pick<NetworkTrouble, "fault" | "problem">;

const lost = (problem: string): Known => ({ fault: "lost", problem });
const untrusted = (problem: string): Known => ({ fault: "untrusted", problem });
const slow: Known = { fault: "slow", problem: "no answer in time" };
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
  ["UND_ERR_HEADERS_OVERFLOW", { fault: "garbled", problem: "the answer's headers are too large" }],
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
 * What a request's failure says of the network. Connecting, DNS and TLS have more codes than any table, so a code that is
 * not listed is the network's too. Null for an error without a code, which only a defect causes.
 */
export function networkTrouble(error: unknown): NetworkTrouble | null {
  if (error instanceof ProxyError) return { fault: error.fault, problem: error.message, code: error.code };
  // undici's parser errors carry no code that can be relied on.
  if (error instanceof errors.HTTPParserError)
    return { fault: "garbled", problem: "the answer is not HTTP", code: null };
  const code = codeOf(error);
  return code === null ? null : { ...(known.get(code) ?? unlisted(code)), code };
}

/** undici and Node refuse parts of a request, such as a header with a line break. */
const unmade = /^(UND_ERR_(INVALID|REQ_|ABORTED|NOT_SUPPORTED)|ERR_(INVALID|HTTP|UNESCAPED)_)/;
const tls = /^ERR_(SSL|TLS|OSSL)_/;
/** Of the system, the resolver, undici and Node; OpenSSL names what is wrong with a certificate without any prefix. */
const system = /^(E[A-Z0-9]+|EAI_[A-Z]+|UND_ERR_[A-Z_]+|ERR_[A-Z_]+)$/;

function unlisted(code: string): Known {
  if (unmade.test(code)) return { fault: "unmade", problem: "the request cannot be made" };
  if (tls.test(code)) return noTls;
  return system.test(code) ? lost("the connection failed") : stranger;
}

/** Of an error, or of the first of several, which is how a host with several addresses fails. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ("code" in error && typeof error.code === "string" && /^[A-Z][A-Z0-9_]+$/.test(error.code))
    return error.code;
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return parts.reduce<string | null>((found, part) => found ?? codeOf(part), null);
}

/** The problem with its code, for messages. */
export const troubleText = ({ problem, code }: NetworkTrouble): string =>
  code === null ? problem : `${problem} (${code})`;
