import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { webhookSchema } from "../../../lib/sinks/http/options.ts";

const url = "https://hooks.example.com/services/x";
const secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/** Where the options are wrong. */
function wrongFields(options: object): readonly string[] {
  const { issues = [] } = v.safeParse(webhookSchema, { url, ...options });
  return issues.map((issue) => v.getDotPath(issue) ?? "");
}

describe("webhook options", () => {
  it("need nothing but a URL", () => {
    expect(v.parse(webhookSchema, { url })).toEqual({
      url,
      mode: "structured",
      body: null,
      contentType: "application/json",
      batch: { maxEvents: 100, maxBytes: 65_536 },
      headers: {},
      timeout: 15_000,
      allowPrivateNetwork: false,
    });
  });

  it.each([
    ["a plain http URL", { url: "http://hooks.example.com/" }, "url"],
    ["a plain http URL in capitals", { url: "HTTP://hooks.example.com/" }, "url"],
    ["another scheme", { url: "ftp://hooks.example.com/", allowPrivateNetwork: true }, "url"],
    ["a URL with a password", { url: "https://user:pass@hooks.example.com/" }, "url"],
    ["no URL", { url: "hooks.example.com" }, "url"],
    ["an unknown mode", { mode: "array" }, "mode"],
    ["a short secret", { secret: "whsec_AAAA" }, "secret"],
    ["one bad secret of two", { secrets: [secret, "x"] }, "secrets.1"],
    ["no secret in a list", { secrets: [] }, "secrets"],
    ["both secret and secrets", { secret, secrets: [secret] }, "secrets"],
    ["a header of a connection", { headers: { Connection: "close" } }, "headers.Connection"],
    ["a header of ours", { headers: { "Webhook-Id": "1" } }, "headers.Webhook-Id"],
    ["an attribute's header", { headers: { "ce-id": "1" } }, "headers.ce-id"],
    ["the body's header", { headers: { "content-type": "text/plain" } }, "headers.content-type"],
    ["a header name with a space", { headers: { "x y": "1" } }, "headers.x y"],
    ["a header value with a line break", { headers: { x: "1\r\ny: 2" } }, "headers.x"],
    ["a header value that is not ASCII", { headers: { x: "ü" } }, "headers.x"],
    ["no time", { timeout: "0s" }, "timeout"],
    ["too much time", { timeout: "6m" }, "timeout"],
    ["a range that is none", { allowPrivateNetwork: ["10.0.0.1"] }, "allowPrivateNetwork.0"],
    ["an unknown option", { retries: 3 }, "retries"],
  ])("refuse %s and name the field", (_, options, field) => {
    expect(wrongFields(options)).toEqual([field]);
  });

  it.each([
    ["plain http into a private network", { url: "http://127.0.0.1:8080/", allowPrivateNetwork: true }],
    ["plain http into a listed range", { url: "http://inside.test/", allowPrivateNetwork: ["10.0.0.0/8"] }],
    ["a header value that ends in a line break, which is left out", { headers: { x: "1\r\n" } }],
    ["an Ed25519 secret", { secret: `whsk_${Buffer.alloc(32).toString("base64")}` }],
  ])("allow %s", (_, options) => {
    expect(wrongFields(options)).toEqual([]);
  });

  it("name what is expected without repeating a secret", () => {
    const { issues = [] } = v.safeParse(webhookSchema, { url, secret: "whsec_tooshort" });
    expect(issues.map(({ message }) => message).join()).not.toContain("tooshort");
  });
});
