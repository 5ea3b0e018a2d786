import { describe, expect, it } from "vitest";
import type { DeliveryResult } from "../../../lib/core/result.ts";
import { running, sampleEvent, sampleEvents } from "../sample.ts";
import { login, smtpHarness, to, type Ways } from "./service.ts";

const told = (result: DeliveryResult | undefined): string =>
  !result || result.kind === "accepted" ? "accepted" : `${result.kind} ${result.reason}: ${result.detail}`;

describe("what a mail server says", () => {
  const everyone = (text: string): Ways => ({ recipient: () => text });
  const cases: readonly (readonly [string, Ways, RegExp])[] = [
    ["a full mailbox", everyone("552 5.2.2 mailbox full"), /^blocked rejected: .*mailbox is full/],
    [
      "a full mailbox after the mail",
      { data: "552 5.2.2 mailbox full" },
      /^blocked rejected: .*mailbox is full/,
    ],
    ["a quota", { data: "552 quota exceeded" }, /^blocked rejected: .*mailbox is full/],
    ["a full mailbox for now", everyone("452 4.2.2 over quota"), /^retry throttled: .*mailbox is full/],
    ["a mail too large", { data: "552 5.3.4 message too big" }, /^permanent too_large: /],
    ["a mail too large in words", { data: "552 message size exceeds limit" }, /^permanent too_large: /],
    ["a mail too large for the mailbox", { data: "552 5.2.3 too long" }, /^permanent too_large: /],
    ["552 and no more", { data: "552 no" }, /^permanent rejected: /],
    [
      "greylisting",
      everyone("450 4.7.1 Greylisted, try again in 5 minutes"),
      /^retry throttled: .*greylisting/,
    ],
    [
      "greylisting by another code",
      everyone("451 4.7.1 Please try again later"),
      /^retry throttled: .*greylisting/,
    ],
    ["greylisting without a code", everyone("450 you are graylisted"), /^retry throttled: .*greylisting/],
    ["a rate", { sender: "421 4.7.28 unusual rate of mail" }, /^retry throttled: .*too many mails/],
    ["no room", { data: "452 4.3.1 insufficient storage" }, /^retry server_error: .*no room now/],
    ["no room, without a code", { data: "452 try later" }, /^retry server_error: .*no room now/],
    [
      "too many recipients",
      everyone("452 4.5.3 too many recipients"),
      /^retry throttled: .*too many recipients/,
    ],
    [
      "TLS first",
      { sender: "530 5.7.0 Must issue a STARTTLS command first" },
      /^blocked rejected: .*only by TLS/,
    ],
    [
      "a login first",
      { sender: "530 5.7.0 Authentication required" },
      /^blocked unauthorized: .*wants a login/,
    ],
    ["a login first, without a code", { sender: "530 sorry" }, /^blocked unauthorized: .*wants a login/],
    ["no relay", everyone("550 5.7.1 relaying denied"), /^blocked unauthorized: .*may not send/],
    ["no such user", everyone("550 5.1.1 no such user"), /^blocked not_found: /],
    [
      "a listed machine, after the mail",
      { data: "554 5.7.1 client host blocked" },
      /^blocked unauthorized: /,
    ],
    ["spam", { data: "554 5.7.1 looks like spam" }, /^permanent rejected: /],
    ["a size with room for no mail", { options: { size: 100 } }, /^blocked rejected: .*at most 100 bytes/],
  ];

  it.each(cases)("%s", async (_, ways, expected) => {
    const { sink } = await smtpHarness(ways);
    const [result] = await sink.deliver([sampleEvent()], running());
    expect(told(result)).toMatch(expected);
  });

  it("a size that a mail is over is told before it is sent", async () => {
    const { sink } = await smtpHarness({ options: { size: 5_000 } });
    const [result] = await sink.deliver(sampleEvents(50), running());
    expect(told(result)).toMatch(/^permanent too_large: /);
  });

  it("a login service that is down is tried again", async () => {
    const { sink } = await smtpHarness({ login: "454 4.7.0 temporary failure" }, {}, login);
    const [result] = await sink.deliver([sampleEvent()], running());
    expect(told(result)).toMatch(/^retry server_error: .*login/);
  });
});

describe("a mail that reaches some of its recipients", () => {
  it("is sent again to those who were put off, and to nobody twice", async () => {
    let isGreylisting = true;
    const { sink, received } = await smtpHarness({
      recipient: (address) => (isGreylisting && address === to[1] ? "450 4.7.1 greylisted" : null),
    });
    const attempt = async () => told((await sink.deliver([sampleEvent()], running()))[0]);
    expect(await attempt()).toMatch(/^retry throttled: .*greylisting/);
    expect(await attempt()).toMatch(/^retry throttled: .*greylisting/);
    isGreylisting = false;
    expect(await attempt()).toBe("accepted");
    expect(received.map(({ recipients }) => recipients)).toEqual([[to[0]], [to[1]]]);
  });

  it("is accepted where those who were put off are then refused for good", async () => {
    let answer = "450 4.7.1 greylisted";
    const { sink, received } = await smtpHarness({
      recipient: (address) => (address === to[1] ? answer : null),
    });
    const attempt = async () => told((await sink.deliver([sampleEvent()], running()))[0]);
    expect(await attempt()).toMatch(/^retry/);
    answer = "550 5.1.1 no such user";
    expect(await attempt()).toBe("accepted");
    expect(received.map(({ recipients }) => recipients)).toEqual([[to[0]]]);
  });

  it("is accepted where the others are refused for good", async () => {
    const { sink, received } = await smtpHarness({
      recipient: (address) => (address === to[1] ? "550 5.1.1 no such user" : null),
    });
    expect(told((await sink.deliver([sampleEvent()], running()))[0])).toBe("accepted");
    expect(received.map(({ recipients }) => recipients)).toEqual([[to[0]]]);
  });
});
