import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll } from "vitest";
import * as email from "../../../lib/sinks/email.ts";
import { brokerContract, networkRetry as retry } from "../../contract/broker.ts";
import type { Manner } from "../../contract/hostile-servers.ts";
import { sinkOf } from "../sample.ts";
import { certificate, from, login, privateKey, to } from "./service.ts";

let server: SMTPServer;
const host = (): string => `127.0.0.1:${(server.server.address() as AddressInfo).port}`;
beforeAll(async () => {
  server = new SMTPServer({
    key: privateKey,
    cert: certificate,
    authOptional: true,
    allowInsecureAuth: true,
    logger: false,
    disableReverseLookup: true,
    closeTimeout: 50,
    onAuth: (_, __, done) => done(null, { user: login.user }),
    onData: (stream, _, done) => void stream.resume().once("end", () => done()),
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise<void>((resolve) => server.close(resolve)));

/** Speaks the protocol, but for what it says in place of these answers. */
const saying =
  (
    words: Readonly<Partial<Record<"greeting" | "EHLO" | "MAIL" | "RCPT" | "DATA" | "end", string>>>,
  ): Manner =>
  (socket) => {
    const { greeting = "220 ready", end = "250 taken", ...own } = words;
    const answers: Readonly<Record<string, string>> = { EHLO: "250 ready", DATA: "354 go on", ...own };
    let isMail = false;
    socket.write(`${greeting}\r\n`);
    socket.on("data", (chunk) => {
      const text = chunk.toString();
      if (isMail && !text.endsWith("\r\n.\r\n")) return;
      const verb = text.slice(0, 4).toUpperCase();
      socket.write(`${isMail ? end : (answers[verb] ?? "250 ok")}\r\n`);
      isMail = !isMail && verb === "DATA";
    });
  };

const accepted = { kind: "accepted" };

brokerContract("email", {
  sink: ({ host: place, timeoutMs, isSigned, ca }) => {
    const [name, port] = place.split(":");
    const smtp = {
      host: name,
      port: Number(port),
      security: ca === null ? "none" : "starttls",
      // A login is given away by TLS only.
      ...(isSigned && ca !== null && login),
      ...(ca !== null && { ca }),
    };
    const options = { from, to, timeout: `${timeoutMs}ms`, smtp };
    return sinkOf(email, options);
  },
  real: host,
  upgrading: () => ({ host: host(), ca: certificate }),
  absurd: {
    "its own good manners": { manner: saying({}), result: accepted },
    "a size of nothing, which is no limit": {
      manner: saying({ EHLO: "250-ready\r\n250 SIZE 0" }),
      result: accepted,
    },
    "a negative size": { manner: saying({ EHLO: "250-ready\r\n250 SIZE -1" }), result: accepted },
    "a size that is no number": { manner: saying({ EHLO: "250-ready\r\n250 SIZE x" }), result: accepted },
    "a size beyond all": {
      manner: saying({ EHLO: `250-ready\r\n250 SIZE ${"9".repeat(400)}` }),
      result: accepted,
    },
    "a greeting of another code": { manner: saying({ greeting: "250 ready" }), result: retry },
    "a greeting of no code": { manner: saying({ greeting: "ready" }), result: retry },
    "a code of zeros": { manner: saying({ MAIL: "000 ok" }), result: retry },
    "a code of nines": { manner: saying({ MAIL: "999 ok" }), result: retry },
    "an answer that is no more than a sign": { manner: saying({ RCPT: "-" }), result: retry },
    "an answer of a megabyte": { manner: saying({ EHLO: `250 ${"x".repeat(1_048_576)}` }), result: accepted },
    "an answer of ten thousand lines": {
      manner: saying({ EHLO: `${"250-x\r\n".repeat(10_000)}250 ok` }),
      result: accepted,
    },
    "each answer twice": { manner: saying({ MAIL: "250 ok\r\n250 ok", end: "354 go on" }), result: retry },
    "leave to send the mail instead of a receipt": { manner: saying({ end: "354 go on" }), result: retry },
    "a receipt that has no end": { manner: saying({ end: "250-taken" }), result: retry },
    "a code of zeros for a receipt": { manner: saying({ end: "000 taken" }), result: retry },
    "an empty receipt": { manner: saying({ end: "" }), result: retry },
  },
});
