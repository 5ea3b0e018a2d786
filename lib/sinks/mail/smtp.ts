import { createTransport } from "nodemailer";
import { withTimeLimit } from "../../async/deadline.ts";
import type { Refusal } from "../../core/result.ts";
import type { SinkDeps } from "../sink.ts";
import type { Carrier } from "./letter.ts";
import { smtpRefusal } from "./smtp-results.ts";

export interface SmtpServer {
  readonly host: string;
  readonly port?: number | undefined;
  readonly security: "starttls" | "tls" | "none";
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** PEM. */
  readonly ca?: string | undefined;
}

const connectTimeoutMs = 5_000;
const ports = { starttls: 587, tls: 465, none: 25 } as const;

/** Hands letters to a mail server, a connection for each. */
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

  return {
    carry: ({ from, to, message }, call) =>
      withTimeLimit(call.signal, timeoutMs, async (signal) => {
        try {
          const envelope = { from, to: [...to], size: message.length };
          const { rejected } = await transport.sendMail({ envelope, raw: message, signal });
          // Trying again would bring the others the mail once more.
          if (rejected.length > 0) {
            log("warn", "a mail server refused some of the recipients", {
              server: place,
              refused: rejected.length,
            });
          }
          return { kind: "accepted" };
        } catch (error) {
          if (signal.aborted) return outOfTime(place, timeoutMs, call.signal.aborted);
          const refusal = smtpRefusal(error, place, [password ?? "", user ?? ""]);
          if (!refusal) throw error;
          return refusal;
        }
      }),
    close: async () => transport.close(),
  };
}

const outOfTime = (place: string, timeoutMs: number, isRunOver: boolean): Refusal => ({
  kind: "retry",
  reason: "timeout",
  detail: isRunOver
    ? `${place}: the run's time ended before the mail was taken`
    : `${place}: the mail was not taken within ${timeoutMs} ms`,
});
