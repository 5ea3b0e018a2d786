import type { FailureReason, Refusal } from "../../core/result.ts";
import { fieldsOf } from "../../text/json.ts";
import { oneLine } from "../../text/one-line.ts";
import { textOf } from "../chat/code-result.ts";
import { maskSecrets } from "../http/redact.ts";

/** A failure of the SMTP client. */
interface SmtpFailure {
  /** The client's code, such as `EAUTH`. */
  readonly code: string;
  /** The system's code, such as `ECONNREFUSED`, else the client's. */
  readonly cause: string;
  /** The server's reply code, such as 550; null when it sent none. */
  readonly status: number | null;
  /** The command that failed: `RCPT TO`, `DATA`, `CONN`. */
  readonly command: string;
  readonly response: string;
}

type SmtpRefusal = readonly [Refusal["kind"], FailureReason, problem: string];

/** Maps a refused mail to a reason; null for a failure that no mail server causes, which is a defect. */
export function smtpRefusal(error: unknown, server: string, secrets: readonly string[]): Refusal | null {
  const failure = failureOf(error);
  const smtpRefusal = failure && refusalClass(failure, error);
  if (!smtpRefusal) return null;
  const [kind, reason, problem] = smtpRefusal;
  const status = failure.status === null ? failure.cause : `SMTP ${failure.status}`;
  const said = failure.response === "" ? "" : ` (${maskSecrets(failure.response, secrets)})`;
  return { kind, reason, detail: oneLine(`${status} from ${server}: ${problem}${said}`) };
}

/** Only a reply of 4xx or 5xx refuses a command; another one in its place comes from no mail server. */
function refusalClass(failure: SmtpFailure, error: unknown): SmtpRefusal | undefined {
  if (failure.response !== "" && !/^[45]\d\d(?!\d)/.test(failure.response)) return losses.get("EPROTOCOL");
  return failure.status === null ? lost(failure, error) : refused(failure, failure.status);
}

function lost({ code }: SmtpFailure, error: unknown): SmtpRefusal | undefined {
  const [, announced] = /larger than allowed (\d+)/.exec(error instanceof Error ? error.message : "") ?? [];
  return announced !== undefined && Number(announced) < leastMailBytes
    ? ["blocked", "rejected", `the server takes at most ${announced} bytes, less than any mail has`]
    : losses.get(code);
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

/** Reasons by the client's code, when the server gave none. */
const losses: ReadonlyMap<string, SmtpRefusal> = new Map([
  ["EAUTH", ["blocked", "unauthorized", "the server offers no supported way to log in"]],
  ["EMESSAGE", ["permanent", "too_large", "the mail is larger than the server allows"]],
  ["ETIMEDOUT", ["retry", "timeout", "no response in time"]],
  ["EDNS", ["retry", "network", "the name cannot be resolved"]],
  ["ETLS", ["retry", "network", "no TLS connection can be agreed on"]],
  ["ESOCKET", ["retry", "network", "the connection failed"]],
  ["ECONNECTION", ["retry", "network", "the connection broke"]],
  ["EPROTOCOL", ["retry", "network", "the response is not SMTP"]],
]);

/** A smaller announced limit is ignored: every mail would be abandoned. */
const leastMailBytes = 4_096;

type Rule = readonly [says: RegExp, smtpRefusal: SmtpRefusal];

/**
 * Rules by code, enhanced code (RFC 3463) and words; the first match counts. A code alone is ambiguous: 552 is a full
 * mailbox as well as a mail that is too large, and 530 asks for TLS as well as for a login.
 * https://www.iana.org/assignments/smtp-enhanced-status-codes
 */
const rules: readonly Rule[] = [
  [
    /^\d+ 4\.2\.2\b|^4.*(mailbox|quota).*(full|exceed)/i,
    ["retry", "throttled", "a recipient's mailbox is full"],
  ],
  [
    /^4\d\d.*gr[ae]y ?list|^45[01] 4\.7\.1\b/i,
    ["retry", "throttled", "the mail is put off, as greylisting does"],
  ],
  [/^\d+ 4\.5\.3\b|^452.*recipients/i, ["retry", "throttled", "too many recipients at once"]],
  [/^4.*(throttl|too (many|fast)|\brate\b)/i, ["retry", "throttled", "too many mails"]],
  [/^\d+ 4\.3\.1\b|^452\b/, ["retry", "server_error", "the server has no room now"]],
  [/^454\b.*(tls|4\.7\.0)/i, ["retry", "server_error", "login or TLS is not to be had now"]],
  // Bad command sequence: says nothing about the mail.
  [/^(4|503)/, ["retry", "server_error", "the server refuses for now"]],
  [
    /^53[08].*(starttls|encrypt|\btls\b|\bssl\b)/i,
    ["blocked", "rejected", "the server takes mail only by TLS"],
  ],
  [/^53[0458] ?(5\.7\.0)?.*required|^530\b/i, ["blocked", "unauthorized", "the server wants a login"]],
  [/^(534|535|538)\b|^\d+ 5\.7\.(8|9|11)\b/, ["blocked", "unauthorized", "the login is refused"]],
  [
    /^\d+ 5\.2\.2\b|^55[0-4].*(mailbox|quota|storage).*(full|exceed|allocation)/i,
    ["blocked", "rejected", "a recipient's mailbox is full"],
  ],
  [/^\d+ 5\.3\.1\b/, ["blocked", "rejected", "the server has no room"]],
  [
    /^523\b|^\d+ 5\.(2\.3|3\.4)\b|^552.*(size|large|long|big)/i,
    ["permanent", "too_large", "the mail is too large"],
  ],
];

/** 4xx may pass later. 5xx refuses the command: sender and recipients come from the configuration. */
function refused({ code, command, response }: SmtpFailure, status: number): SmtpRefusal {
  const said = response === "" ? String(status) : response;
  const [, smtpRefusal] = rules.find(([says]) => says.test(said)) ?? [];
  if (smtpRefusal) return smtpRefusal;
  if (code === "EAUTH") return ["blocked", "unauthorized", "the login is refused"];
  if (code === "ETLS") return ["retry", "network", "no TLS connection can be agreed on"];
  const isPolicy = /^\d+ 5\.7\./.test(said);
  if (command === "RCPT TO")
    return isPolicy
      ? ["blocked", "unauthorized", "the sender or this machine may not send to a recipient"]
      : ["blocked", "not_found", "every recipient is refused"];
  if (command === "DATA" && !(isPolicy && !/spam|virus|content/i.test(said)))
    return ["permanent", "rejected", "the mail is refused"];
  return ["blocked", "unauthorized", "the sender or this machine is refused"];
}
