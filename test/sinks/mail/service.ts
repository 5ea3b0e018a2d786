import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from "smtp-server";
import { onTestFinished } from "vitest";
import type { CloudEvent } from "../../../lib/change/event.ts";
import * as email from "../../../lib/sinks/email.ts";
import type { Sink, SinkDeps } from "../../../lib/sinks/sink.ts";
import { accessKey } from "../../aws/sample.ts";
import type { Service } from "../../contract/service.ts";
import type { Setup, Trial } from "../../contract/sink.ts";
import type { Seen, ServerReply } from "../../harness/http.ts";
import { sampleDeps, sampleEvents, sinkOf } from "../sample.ts";

export const from = "bridge@example.com";
export const to = ["ops@example.com", "lead@example.com"];
export const login = { user: "bridge", password: "planted-password" };

/** Of a server on loopback; everyone knows its key. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUZ9Bra/T3ZZ4ww9THIpLzEONpkaowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTAwNTcyOFoYDzIxMjYxMTAx
MDA1NzI4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQM3+7iL72ZulxKghtSz7Wf577OI5WiITEb2LTdtkQIVYuMHGHFiFSI
E6wUPgjLyVyL7NHu0VubqAVMOibCP4lmo28wbTAdBgNVHQ4EFgQUI/yZA7/njQFc
nIcLdsAskaYXidYwHwYDVR0jBBgwFoAUI/yZA7/njQFcnIcLdsAskaYXidYwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgFxoil08VMTDsgSIL7tBr7FlpkVEDrcTDoLYtIQIEwkgCIBUD
V+adbEQYMlqghK0XKWtOvKtAdc6dka+v2WifT1fy
-----END CERTIFICATE-----`;
export const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqHJb1aEwbFlAPqBR
bXKb1kGQ6m6CRPGghEEuV4oAkpShRANCAAQM3+7iL72ZulxKghtSz7Wf577OI5Wi
ITEb2LTdtkQIVYuMHGHFiFSIE6wUPgjLyVyL7NHu0VubqAVMOibCP4lm
-----END PRIVATE KEY-----`;

export interface ReceivedMail {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly isSecure: boolean;
  readonly user: unknown;
  readonly raw: string;
}

/** How a server of the tests is not like others; a refusal is `550 5.1.1 no such user`. */
export interface Ways {
  readonly banner?: string;
  readonly sender?: string;
  readonly recipient?: (address: string) => string | null;
  readonly data?: string;
  readonly login?: string;
  readonly isSilent?: boolean;
  readonly options?: SMTPServerOptions;
}

const refusal = (text: string | null | undefined): Error | null =>
  text ? Object.assign(new Error(text.slice(4)), { responseCode: Number(text.slice(0, 3)) }) : null;

/** A mail server on loopback that offers STARTTLS and takes one login. */
export async function mailServer(ways: Ways = {}) {
  const received: ReceivedMail[] = [];
  const server = new SMTPServer({
    key: privateKey,
    cert: certificate,
    authOptional: true,
    logger: false,
    disableReverseLookup: true,
    closeTimeout: 50,
    onConnect: (_, done) => {
      if (!ways.isSilent) done(refusal(ways.banner));
    },
    onAuth: ({ username, password }, _, done) => {
      const isKnown = username === login.user && password === login.password;
      done(refusal(ways.login ?? (isKnown ? null : "535 5.7.8 bad credentials")), { user: username });
    },
    onMailFrom: (_, __, done) => done(refusal(ways.sender)),
    onRcptTo: ({ address }, _, done) => done(refusal(ways.recipient?.(address))),
    onData: async (stream, session, done) => {
      const raw = await text(stream);
      if (!ways.data) received.push(receivedOf(session, raw));
      done(refusal(ways.data));
    },
    ...ways.options,
  });
  // A client that goes away is nothing to a server.
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  return { port: (server.server.address() as AddressInfo).port, received };
}

const receivedOf = ({ envelope, secure, user }: SMTPServerSession, raw: string): ReceivedMail => ({
  sender: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
  recipients: envelope.rcptTo.map(({ address }) => address),
  isSecure: secure,
  user,
  raw,
});

export const emailSink = (options: object, deps: SinkDeps = sampleDeps): Sink => {
  const sink = sinkOf(email, { from, to, ...options }, deps);
  onTestFinished(() => sink.close());
  return sink;
};

export const smtpOptions = (port: number, more: object = {}) => ({
  smtp: { host: "127.0.0.1", port, ca: certificate, ...more },
});

/** A sink and the mail server that it talks to. */
export async function smtpHarness(ways: Ways = {}, options: object = {}, smtp: object = {}) {
  const { port, received } = await mailServer(ways);
  return { sink: emailSink({ ...smtpOptions(port, smtp), ...options }), received };
}

export interface Mail {
  /** Lower-case names, folds undone. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly html: string;
}

/** A mail read as far as these tests need it, apart from what wrote it. */
export function mailOf(raw: string): Mail {
  const [head = "", body = ""] = raw.split(/\r?\n\r?\n([\s\S]*)/);
  const headers = headersOf(head);
  const boundary = /boundary="([^"]+)"/.exec(headers.get("content-type") ?? "")?.[1] ?? "";
  const parts = body.split(`--${boundary}`).map((part) => {
    const [partHead = "", content = ""] = part.trimStart().split(/\r?\n\r?\n([\s\S]*)/);
    const of = headersOf(partHead);
    const isBase64 = of.get("content-transfer-encoding") === "base64";
    return [of.get("content-type") ?? "", isBase64 ? base64(content) : unquoted(content)] as const;
  });
  const find = (type: string) => parts.find(([kind]) => kind.startsWith(type))?.[1] ?? "";
  return { headers, text: find("text/plain"), html: find("text/html") };
}

const headersOf = (head: string): ReadonlyMap<string, string> =>
  new Map(
    head
      .replace(/\r?\n[ \t]+/g, " ")
      .split(/\r?\n/)
      .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );

const base64 = (text: string): string => Buffer.from(text, "base64").toString();

const unquoted = (text: string): string =>
  Buffer.from(
    text
      .replace(/=\r?\n/g, "")
      .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    "latin1",
  ).toString();

/** Encoded words of a header, as readers show them. */
export const shownHeader = (value: string): string =>
  value
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?(b|q)\?(.*?)\?=/gi, (_, way: string, words: string) =>
      way.toLowerCase() === "b" ? base64(words) : unquoted(words.replaceAll("_", " ")),
    );

/** The events whose tasks a mail names. */
const eventsIn = (raw: string): readonly CloudEvent[] =>
  sampleEvents(3).filter(({ subject }) => mailOf(raw).text.includes(subject));

const smtpTrial =
  (ways: Ways, options: object = {}, smtp: object = {}) =>
  async (deps: SinkDeps): Promise<Trial> => {
    const { port, received } = await mailServer(ways);
    return {
      sink: emailSink({ ...smtpOptions(port, smtp), ...options }, deps),
      arrived: () => received.flatMap(({ raw }) => eventsIn(raw)).map(({ id }) => id),
    };
  };

/** What the contract of all sinks needs of mail by SMTP. */
export const smtpSetup: Setup = {
  working: smtpTrial({}, {}, login),
  failing: {
    "a login that is refused": smtpTrial({ login: `535 no ${login.password}` }, {}, login),
    "a server without TLS": smtpTrial({ options: { disabledCommands: ["STARTTLS"] } }),
    "a certificate that is not trusted": smtpTrial({}, {}, { ca: undefined }),
    "a mail that is refused": smtpTrial({ data: `554 ${login.password}\u001b[2J` }, {}, login),
    "a server that never answers": smtpTrial({ isSilent: true }, { timeout: "100ms" }),
    "a refused connection": async (deps) => ({
      sink: emailSink(smtpOptions(1), deps),
      arrived: () => [],
    }),
  },
  secrets: [login.password],
};

export const rawOf = ({ body }: Seen): string =>
  Buffer.from(JSON.parse(body).Content.Raw.Data, "base64").toString();

const sent: ServerReply = { body: { MessageId: "0100-abc" } };

export const sesService: Service = {
  module: email,
  options: { from, to },
  at: (endpoint) => ({ ses: { endpoint } }),
  environment: { AWS_REGION: "eu-west-1", ...accessKey },
  events: (request) => eventsIn(rawOf(request)),
  answer: () => sent,
  failures: {
    throttling: { status: 429, headers: { "x-amzn-errortype": "TooManyRequestsException" } },
    "an error that repeats the key": { status: 500, body: accessKey.AWS_SECRET_ACCESS_KEY },
    "an answer that is not SES's": { body: { hello: accessKey.AWS_SECRET_ACCESS_KEY } },
  },
  secrets: [accessKey.AWS_SECRET_ACCESS_KEY],
};
