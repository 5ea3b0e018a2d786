import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerMessage, maskSecrets, urlSecrets } from "../../../lib/sinks/http/redact.ts";
import { oneLine } from "../../../lib/text/one-line.ts";

describe("a detail", () => {
  it("is one line of at most 300 characters, without control characters, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 900 }), (text) => {
        const line = oneLine(text);
        expect(Array.from(line).length).toBeLessThanOrEqual(300);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it("never cuts a character in half", () => {
    expect(oneLine("😀".repeat(400))).toBe(`${"😀".repeat(299)}…`);
  });
});

describe("an answer's message", () => {
  it.each([
    ['{"message":"too much"}', "too much"],
    ['{"error":"too much"}', "too much"],
    ['{"error":{"code":7,"message":"too much"}}', "too much"],
    ['{"code":7}', ""],
    ['{"error":7}', ""],
    ['[{"message":"in a list"}]', ""],
    ['{"message":', '{"message":'],
    ["too much", "too much"],
    ["  <html><h1>Bad Gateway</h1></html>", ""],
    ["", ""],
  ])("of %j is %j", (body, message) => {
    expect(answerMessage(body, [])).toBe(message);
  });
});

describe("masking", () => {
  it.each([
    [
      "call https://user:pass@hooks.example.com:8443/services/T1?key=x#y now",
      "call https://hooks.example.com:8443 now",
    ],
    ["Authorization: Bearer abc.def rejected", "Authorization: *** rejected"],
    ['{"token":"abc"}', '{"token":"***"}'],
    ["api_key=abc&user=me", "api_key=***&user=me"],
    ["Bearer abc", "Bearer ***"],
    ["key xoxb-123456789012-abcdefghij is revoked", "key *** is revoked"],
    ["invalid token for this hook", "invalid token for this hook"],
    ["invalid_event_type_for_this_hook", "invalid_event_type_for_this_hook"],
  ])("turns %j into %j", (text, masked) => {
    expect(maskSecrets(text, [])).toBe(masked);
  });

  it("leaves no known secret of four characters or more, whatever stands around it", () => {
    const secret = fc.stringMatching(/^[A-Za-z]{4,12}$/).filter((text) => text !== "http");
    fc.assert(
      fc.property(fc.string(), secret, fc.string(), (before, hidden, after) => {
        expect(maskSecrets(before + hidden + after, [hidden])).not.toContain(hidden);
      }),
    );
  });

  it("takes a URL's path, query and their parts for secrets", () => {
    const secrets = urlSecrets(new URL("https://hooks.example.com/services/T0001/long-segment?key=a%2Fbcd"));
    for (const text of ["/services/T0001/long-segment", "long-segment", "a%2Fbcd", "a/bcd"]) {
      expect(maskSecrets(`<${text}>`, secrets)).toBe("<***>");
    }
  });

  it.each(["a", "token ", "https://", "bearer ", "a/"])(
    "ends, within the test's own time limit, for the largest body full of %j",
    (unit) => {
      expect(maskSecrets(unit.repeat(16_384), []).length).toBeGreaterThan(0);
    },
  );
});
