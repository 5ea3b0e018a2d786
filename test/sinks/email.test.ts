import { describe, expect, it } from "vitest";
import type { DeliveryResult } from "../../lib/core/result.ts";
import type { SinkDeps } from "../../lib/sinks/sink.ts";
import { accessKey } from "../aws/sample.ts";
import { trial } from "../contract/service.ts";
import { eventOf, foreignEvent, injections } from "./chat/sample.ts";
import {
  emailSink,
  from,
  login,
  mailOf,
  mailServer,
  rawOf,
  sesService,
  shownHeader,
  smtpHarness,
  smtpOptions,
  to,
  type Ways,
} from "./mail/service.ts";
import { running, sampleDeps, sampleEvents } from "./sample.ts";

const kinds = (results: readonly DeliveryResult[]): readonly string[] =>
  results.map((result) => (result.kind === "accepted" ? result.kind : `${result.kind} ${result.reason}`));

const header = (raw: string | undefined, name: string): string => mailOf(raw ?? "").headers.get(name) ?? "";

describe("a mail by SMTP", () => {
  it("goes by TLS, with the login, to every recipient", async () => {
    const { sink, received } = await smtpHarness({}, {}, login);
    expect(await sink.deliver([eventOf("failed")], running())).toEqual([{ kind: "accepted" }]);
    expect(received).toMatchObject([{ sender: from, recipients: to, isSecure: true, user: login.user }]);
  });

  it("says in headers, text and HTML what became of the task", async () => {
    const { sink, received } = await smtpHarness();
    await sink.deliver([eventOf("failed")], running());
    const { headers, text, html } = mailOf(received[0]?.raw ?? "");
    expect(shownHeader(headers.get("subject") ?? "")).toBe("❌ Bind public IP failed · i-0001");
    expect(Object.fromEntries(headers)).toMatchObject({
      from,
      to: to.join(", "),
      date: "Thu, 01 Jan 2026 00:00:12 +0000",
      "auto-submitted": "auto-generated",
      "message-id": expect.stringMatching(/^<[0-9a-f]{32}\.change@example\.com>$/),
    });
    for (const part of [text, html]) {
      expect(part).toContain("Took 5 s");
      expect(part).toContain("203.0.113.9");
    }
  });

  it("speaks Chinese", async () => {
    const { sink, received } = await smtpHarness({}, { language: "zh", timeZone: "Asia/Shanghai" });
    await sink.deliver([eventOf("failed")], running());
    expect(shownHeader(header(received[0]?.raw, "subject"))).toBe("❌ 绑定公网 IP 失败 · i-0001");
    expect(mailOf(received[0]?.raw ?? "").text).toContain("开始：2026-01-01 07:59:55 UTC+8");
  });

  it("has the same Message-ID when it is repeated, and refers to its task's thread", async () => {
    const { sink, received } = await smtpHarness();
    for (const event of [
      eventOf("executing"),
      eventOf("executing"),
      eventOf("failed"),
      eventOf("failed", 2),
    ]) {
      const of = { ...event, id: `${event.id}/${event.type}` as typeof event.id };
      await sink.deliver([of], running());
    }
    const [first, again, later, other] = received.map(({ raw }) => raw);
    expect(header(again, "message-id")).toBe(header(first, "message-id"));
    expect(header(later, "message-id")).not.toBe(header(first, "message-id"));
    const threads = [first, later, other].map((raw) => header(raw, "references"));
    expect(threads[1]).toBe(threads[0]);
    expect(threads[2]).not.toBe(threads[0]);
    expect(header(first, "in-reply-to")).toBe(threads[0]);
    expect(threads[0]).toMatch(/^<[0-9a-f]{32}\.task@example\.com>$/);
  });

  it("is one digest, outside of any thread, where many changes come at once", async () => {
    const { sink, received } = await smtpHarness();
    expect(kinds(await sink.deliver(sampleEvents(50), running()))).toEqual(Array(50).fill("accepted"));
    expect(received).toHaveLength(1);
    const { headers, text } = mailOf(received[0]?.raw ?? "");
    expect(shownHeader(headers.get("subject") ?? "")).toBe("✅ 50 task changes: 50 succeeded");
    expect(headers.has("references")).toBe(false);
    expect(text).toContain("and 10 more");
  });

  it.each(injections)("takes no header, recipient or end of mail from %j", async (text) => {
    const { sink, received } = await smtpHarness();
    const hostile = `${text}\r\nBcc: evil@example.com\r\n\r\n.\r\nMAIL FROM:<evil@example.com>\r\n`;
    expect(kinds(await sink.deliver([foreignEvent(hostile)], running()))).toEqual(["accepted"]);
    expect(received).toMatchObject([{ sender: from, recipients: to }]);
    const names = [...mailOf(received[0]?.raw ?? "").headers.keys()].toSorted();
    expect(names).toEqual(
      [
        "from",
        "to",
        "subject",
        "message-id",
        "in-reply-to",
        "references",
        "date",
        "auto-submitted",
        "x-auto-response-suppress",
        "mime-version",
        "content-type",
      ].toSorted(),
    );
  });

  it("is whole even where it is as long as a mail can get", async () => {
    const { sink, received } = await smtpHarness({}, { digestAbove: 1 });
    const long = "绑".repeat(10_000);
    const events = sampleEvents(100).map((event) => ({ ...event, data: foreignEvent(long).data }));
    expect(kinds(await sink.deliver(events, running()))).toEqual(Array(100).fill("accepted"));
    expect(mailOf(received[0]?.raw ?? "").html).toMatch(/<\/html>\n/);
  });
});

describe("what a mail server refuses", () => {
  const only = (text: string) => (address: string) => (address === to[0] ? text : null);
  const refused: readonly (readonly [string, Ways, object, string])[] = [
    ["a busy greeting", { banner: "421 4.3.2 try later" }, {}, "retry server_error"],
    ["a greeting that turns away", { banner: "554 5.7.1 you are listed" }, {}, "blocked unauthorized"],
    ["a wrong password", {}, { ...login, password: "wrong" }, "blocked unauthorized"],
    ["a login service that is down", { login: "454 4.7.0 later" }, login, "retry server_error"],
    ["no login where one is wanted", { options: { authOptional: false } }, {}, "blocked unauthorized"],
    ["any login", { options: { disabledCommands: ["AUTH"] } }, login, "blocked unauthorized"],
    ["the sender", { sender: "553 5.7.1 not yours" }, {}, "blocked unauthorized"],
    ["the sender for now", { sender: "451 4.3.0 later" }, {}, "retry server_error"],
    ["a sender that is too fast", { sender: "454 Throttling failure" }, {}, "retry throttled"],
    ["every recipient", { recipient: () => "550 5.1.1 no such user" }, {}, "blocked not_found"],
    ["every recipient for now", { recipient: () => "450 4.2.1 greylisted" }, {}, "retry throttled"],
    ["one of two recipients", { recipient: only("550 5.1.1 no such user") }, {}, "accepted"],
    ["the mail", { data: "554 5.6.0 bad content" }, {}, "permanent rejected"],
    ["the mail's size", { data: "552 5.3.4 too big" }, {}, "permanent too_large"],
    ["a size that it announces, with room for no mail", { options: { size: 100 } }, {}, "blocked rejected"],
    ["the mail for now", { data: "452 4.3.1 disk full" }, {}, "retry server_error"],
    ["TLS", { options: { disabledCommands: ["STARTTLS"] } }, {}, "retry network"],
    ["a client that knows no authority for it", {}, { ca: undefined }, "retry network"],
    ["a client that speaks TLS too early", {}, { security: "tls" }, "retry network"],
  ];

  it.each(refused)("%s", async (_, ways, smtp, expected) => {
    const { sink, received } = await smtpHarness(ways, {}, smtp);
    expect(kinds(await sink.deliver([eventOf("failed")], running()))).toEqual([expected]);
    expect(received).toHaveLength(expected === "accepted" ? 1 : 0);
  });

  it("is told with the server's words and place", async () => {
    const { sink } = await smtpHarness({ data: "554 5.6.0 bad content" });
    expect(await sink.deliver([eventOf("failed")], running())).toMatchObject([
      {
        detail: expect.stringMatching(
          /^SMTP 554 from 127\.0\.0\.1:\d+: the mail is refused \(554 5\.6\.0 bad content\)$/,
        ),
      },
    ]);
  });

  it("is told with the system's code where no answer came", async () => {
    const untrusting = await smtpHarness({}, {}, { ca: undefined });
    const closed = emailSink(smtpOptions(1));
    const details = [];
    for (const sink of [untrusting.sink, closed]) {
      const [result] = await sink.deliver([eventOf("failed")], running());
      details.push(result?.kind === "retry" ? result.detail : result);
    }
    expect(details).toEqual([
      expect.stringMatching(/^DEPTH_ZERO_SELF_SIGNED_CERT from 127\.0\.0\.1:\d+: the connection failed$/),
      "ECONNREFUSED from 127.0.0.1:1: the connection failed",
    ]);
  });

  it("of some recipients is logged, without their addresses", async () => {
    const lines: unknown[] = [];
    const log: SinkDeps["log"] = (...line) => lines.push(line);
    const { port } = await mailServer({ recipient: only("550 no such user") });
    const sink = emailSink(smtpOptions(port), { ...sampleDeps, log });
    await sink.deliver([eventOf("failed")], running());
    expect(lines).toEqual([
      ["warn", "a mail server refused some of the recipients", { server: `127.0.0.1:${port}`, refused: 1 }],
    ]);
  });

  it("stops what comes after it for now", async () => {
    let attempts = 0;
    const { sink } = await smtpHarness({
      recipient: () => {
        attempts += 1;
        return "450 4.2.1 greylisted";
      },
    });
    expect(kinds(await sink.deliver(sampleEvents(3), running()))).toEqual(Array(3).fill("retry throttled"));
    expect(attempts).toBe(to.length);
  });
});

describe("a mail in the clear", () => {
  it("goes only where the options allow it", async () => {
    const plain: Ways = { options: { disabledCommands: ["STARTTLS", "AUTH"] } };
    const allowed = await smtpHarness(plain, {}, { security: "none" });
    expect(kinds(await allowed.sink.deliver([eventOf("failed")], running()))).toEqual(["accepted"]);
    expect(allowed.received).toMatchObject([{ isSecure: false }]);
  });
});

describe("TLS from the first byte", () => {
  it("is spoken where the options say so", async () => {
    const { sink, received } = await smtpHarness({ options: { secure: true } }, {}, { security: "tls" });
    expect(kinds(await sink.deliver([eventOf("failed")], running()))).toEqual(["accepted"]);
    expect(received).toMatchObject([{ isSecure: true }]);
  });
});

describe("a mail by SES", () => {
  it("is the same mail, signed for SES", async () => {
    const smtp = await smtpHarness();
    const { sink, seen } = await trial(sesService);
    for (const one of [smtp.sink, sink]) await one.deliver([eventOf("failed")], running());
    const [request] = seen;
    if (!request) throw new Error("SES was not asked");
    expect(request.path).toBe("/v2/email/outbound-emails");
    expect(request.headers.authorization).toMatch(
      new RegExp(
        `^AWS4-HMAC-SHA256 Credential=${accessKey.AWS_ACCESS_KEY_ID}/20260101/eu-west-1/ses/aws4_request,`,
      ),
    );
    expect(JSON.parse(request.body)).toMatchObject({
      FromEmailAddress: from,
      Destination: { ToAddresses: to },
    });
    expect(rawOf(request)).toBe(smtp.received[0]?.raw);
  });

  it("names the configuration set of the options", async () => {
    const at = (endpoint: string) => ({ ses: { endpoint, configurationSet: "alerts" } });
    const { sink, seen } = await trial({ ...sesService, at });
    await sink.deliver([eventOf("failed")], running());
    expect(JSON.parse(seen[0]?.body ?? "")).toMatchObject({ ConfigurationSetName: "alerts" });
  });

  it.each([
    [429, "TooManyRequestsException", "retry throttled"],
    [400, "LimitExceededException", "retry throttled"],
    [400, "MessageRejected", "blocked unauthorized"],
    [400, "MailFromDomainNotVerifiedException", "blocked unauthorized"],
    [400, "SendingPausedException", "blocked unauthorized"],
    [400, "AccountSuspendedException", "blocked unauthorized"],
    [404, "NotFoundException", "blocked not_found"],
    [403, "AccessDeniedException", "blocked unauthorized"],
    [400, "BadRequestException", "permanent rejected"],
    [413, "", "permanent too_large"],
    [500, "InternalFailure", "retry server_error"],
  ])("with %d %s is %s", async (status, code, expected) => {
    const { sink } = await trial(sesService, { status, headers: { "x-amzn-errortype": code } });
    expect(kinds(await sink.deliver([eventOf("failed")], running()))).toEqual([expected]);
  });

  it("that is answered by something else is tried again", async () => {
    const { sink } = await trial(sesService, { body: "<html>sign in</html>" });
    expect(kinds(await sink.deliver([eventOf("failed")], running()))).toEqual(["retry server_error"]);
  });
});

describe("the options of mail", () => {
  const smtp = { host: "mail.example.com" };
  it.each([
    ["neither server nor SES", {}],
    ["both", { smtp, ses: {} }],
    ["no recipient", { smtp, to: [] }],
    ["a recipient that is two", { smtp, to: ["a@example.com, b@example.com"] }],
    ["a sender with a line break", { smtp, from: "a@example.com\r\nBcc: b@example.com" }],
    ["a user without a password", { smtp: { ...smtp, user: "x" } }],
    ["a password in the clear", { smtp: { ...smtp, ...login, security: "none" } }],
    ["a host with a path", { smtp: { host: "mail.example.com/x" } }],
  ])("refuse %s", (_, options) => {
    expect(() => emailSink(options)).toThrow();
  });
});
