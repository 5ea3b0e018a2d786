import { createTransport, type NodemailerError } from "nodemailer";
import { withTimeLimit } from "../../async/deadline.ts";
import type { DeliveryResult, Refusal } from "../../core/result.ts";
import type { SinkDeps } from "../sink.ts";
import type { Carrier } from "./message.ts";
import { smtpRefusal } from "./smtp-results.ts";

/** Address and login of a mail server. */
export interface SmtpServer {
  readonly host: string;
  readonly port?: number | undefined;
  readonly security: "starttls" | "tls" | "none";
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** CA certificates, PEM. */
  readonly ca?: string | undefined;
}

const connectTimeoutMs = 5_000;
const ports = { starttls: 587, tls: 465, none: 25 } as const;

/** Hands mails to a mail server, one connection per mail. */
export function smtpCarrier(
  server: SmtpServer,
  { timeoutMs, log }: Pick<SinkDeps, "log"> & { readonly timeoutMs: number },
): Carrier {
  const { host, security, user, password, ca } = server;
  const port = server.port ?? ports[security];
  const place = `${host}:${port}`;
  const transport = createTransport({
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    connectionTimeout: connectTimeoutMs,
    ...(user === undefined ? {} : { auth: { user, pass: password ?? "" }, forceAuth: true }),
    ...(ca === undefined ? {} : { tls: { ca } }),
  });

  const refusalOf = (error: unknown) => smtpRefusal(error, place, [password ?? "", user ?? ""]);
  const logRefused = (refused: number): void =>
    log("warn", "a mail server refused some of the recipients", { server: place, refused });

  /** Recipients still deferred, by mail id, when others have accepted the mail. */
  const putOffBy = new Map<string, readonly string[]>();

  /** Result when some recipients were refused but others accepted the mail, which these must not get twice. */
  const settle = (id: string, rejected: readonly NodemailerError[]): DeliveryResult => {
    const putOff = rejected.flatMap((error) => {
      const refusal = refusalOf(error);
      return refusal?.kind === "retry" && error.recipient ? [{ recipient: error.recipient, refusal }] : [];
    });
    if (rejected.length > putOff.length) logRefused(rejected.length - putOff.length);
    putOffBy.delete(id);
    const [first] = putOff;
    if (!first) return { kind: "accepted" };
    const recipients = putOff.map(({ recipient }) => recipient);
    remember(putOffBy, id, recipients);
    return first.refusal;
  };

  return {
    carry: ({ id, from, to, message }, call) =>
      withTimeLimit(call.signal, timeoutMs, async (signal) => {
        const recipients = putOffBy.get(id) ?? to;
        try {
          const envelope = { from, to: [...recipients], size: message.length };
          const { rejectedErrors = [] } = await transport.sendMail({ envelope, raw: message, signal });
          return settle(id, rejectedErrors);
        } catch (error) {
          if (signal.aborted) return outOfTime(place, timeoutMs, call.signal.aborted);
          const refusal = refusalOf(error);
          if (!refusal) throw error;
          if (refusal.reason !== "not_found" || recipients === to) return refusal;
          // The deferred recipients are now refused; the others have the mail.
          putOffBy.delete(id);
          logRefused(recipients.length);
          return { kind: "accepted" };
        }
      }),
    close: async () => transport.close(),
  };
}

const outOfTime = (place: string, timeoutMs: number, isRunOver: boolean): Refusal => ({
  kind: "retry",
  reason: "timeout",
  detail: isRunOver
    ? `${place}: the run's time budget ended before the server accepted the mail`
    : `${place}: the mail was not taken within ${timeoutMs / 1_000} s`,
});

/** More mails than ever wait at once; the oldest are forgotten, and a repeat then goes to everyone. */
const maxRemembered = 1_000;

function remember(putOffBy: Map<string, readonly string[]>, id: string, recipients: readonly string[]): void {
  const [oldest] = putOffBy.keys();
  if (putOffBy.size >= maxRemembered && oldest !== undefined) putOffBy.delete(oldest);
  putOffBy.set(id, recipients);
}
