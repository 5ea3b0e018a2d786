import type { FailureReason, Refusal } from "../../core/result.ts";
import { oneLine } from "../../text/one-line.ts";
import { fieldsOf, textOf } from "../chat/verdict.ts";
import { maskSecrets } from "../http/redact.ts";

/** What went wrong on the way to a mail server, as the client tells it. */
interface SmtpFailure {
  /** The client's own, such as `EAUTH`. */
  readonly code: string;
  /** The system's, such as `ECONNREFUSED`; the client's again where there is none. */
  readonly cause: string;
  /** The server's answer, such as 550; null where none came. */
  readonly status: number | null;
  /** What the server answered to: `RCPT TO`, `DATA`, `CONN`. */
  readonly command: string;
  readonly response: string;
}

type Verdict = readonly [Refusal["kind"], FailureReason, problem: string];

/** What a letter that was not taken comes to; null for a failure that no mail server causes, which is a defect. */
export function smtpRefusal(error: unknown, server: string, secrets: readonly string[]): Refusal | null {
  const failure = failureOf(error);
  const verdict =
    failure && (failure.status === null ? losses.get(failure.code) : refused(failure, failure.status));
  if (!verdict) return null;
  const [kind, reason, problem] = verdict;
  const status = failure.status === null ? failure.cause : `SMTP ${failure.status}`;
  const said = failure.response === "" ? "" : ` (${maskSecrets(failure.response, secrets)})`;
  return { kind, reason, detail: oneLine(`${status} from ${server}: ${problem}${said}`) };
}

function failureOf(error: unknown): SmtpFailure | null {
  const { code, originalCode, responseCode, command, response } = fieldsOf(error);
  if (!(error instanceof Error) || typeof code !== "string") return null;
  return {
    code,
    cause: textOf(originalCode) || code,
    status: typeof responseCode === "number" ? responseCode : null,
    command: textOf(command),
    response: textOf(response),
  };
}

/** What it comes to when the server did not say why. */
const losses: ReadonlyMap<string, Verdict> = new Map([
  ["EAUTH", ["blocked", "unauthorized", "the server takes none of the ways to log in"]],
  ["EMESSAGE", ["permanent", "too_large", "the mail is larger than the server allows"]],
  ["ETIMEDOUT", ["retry", "timeout", "no answer in time"]],
  ["EDNS", ["retry", "network", "the name cannot be resolved"]],
  ["ETLS", ["retry", "network", "no TLS connection can be agreed on"]],
  ["ESOCKET", ["retry", "network", "the connection failed"]],
  ["ECONNECTION", ["retry", "network", "the connection broke"]],
  ["EPROTOCOL", ["retry", "network", "the answer is not SMTP"]],
]);

const loginCodes: ReadonlySet<number> = new Set([530, 534, 535, 538]);
const tooLargeCodes: ReadonlySet<number> = new Set([523, 552]);

/** 4xx may pass later. 5xx is a judgement of what it answers to: sender and recipients stand in the configuration. */
function refused({ code, command, response }: SmtpFailure, status: number): Verdict {
  // 503: commands out of order, which says nothing of the mail.
  if (status < 500 || status === 503) {
    if (/throttl|too many|rate|\b4\.7\./i.test(response)) return ["retry", "throttled", "too many mails"];
    return ["retry", "server_error", "the server refuses for now"];
  }
  if (code === "EAUTH" || loginCodes.has(status)) return ["blocked", "unauthorized", "the login is refused"];
  if (code === "ETLS") return ["retry", "network", "no TLS connection can be agreed on"];
  if (command === "RCPT TO") return ["blocked", "not_found", "every recipient is refused"];
  if (tooLargeCodes.has(status)) return ["permanent", "too_large", "the mail is too large"];
  if (command === "DATA") return ["permanent", "rejected", "the mail is refused"];
  return ["blocked", "unauthorized", "the sender or this machine is refused"];
}
