import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { urlSecrets } from "../../../lib/sinks/http/known-secrets.ts";
import { maskSecrets, responseMessage } from "../../../lib/sinks/http/redact.ts";
import { escapeHtml } from "../../../lib/text/html.ts";
import { oneLine } from "../../../lib/text/one-line.ts";
import { anyCharacter } from "../../harness/any-character.ts";

describe("a detail", () => {
  it("is one line of at most 300 characters, without control characters, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, maxLength: 900 }), (text) => {
        const line = oneLine(text);
        expect(Array.from(line).length).toBeLessThanOrEqual(300);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it("never cuts a character in half", () => {
    expect(oneLine("😀".repeat(400))).toBe(`${"😀".repeat(149)}…`);
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
    ["  <html><h1>Bad Gateway</h1></html>", "Bad Gateway"],
    [
      "<!DOCTYPE html><html><head><title>502</title><style>a { b: c }</style></head><body><!-- <b> -->\n<h1>Bad&nbsp;Gateway</h1><hr><p>ng<b>inx</b>\t&amp; &#x27;co&#39; &lt;1</p><script>if (a<b) c();</SCRIPT></body>",
      "Bad Gateway nginx & 'co' <1",
    ],
    ["<html><title>Sign in</title><body><img></body></html>", "Sign in"],
    ["<Error><Code>AccessDenied</Code><Message>no right</Message></Error>", "AccessDenied no right"],
    ["<p>cut in <a href='x", "cut in"],
    ["<p>&#99999999; &unknown; &#x110000;", "&#99999999; &unknown;"],
    ["<", ""],
    ["", ""],
  ])("of %j is %j", (body, message) => {
    expect(responseMessage(body, [])).toBe(message);
  });
});

describe("masking", () => {
  it.each([
    [
      "call https://user:pass@hooks.example.com:8443/services/T1?key=x#y now",
      "call https://hooks.example.com:8443 now",
    ],
    ["Authorization: Bearer abc.def rejected", "Authorization: Bearer *** rejected"],
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

  const word = fc
    .string({ unit: "grapheme-ascii", minLength: 6, maxLength: 24 })
    .filter((text) => !/[\s;,&=:]/.test(text));
  const code = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, "0");
  const encodings: Readonly<Record<string, (secret: string) => string>> = {
    "as it is": (secret) => secret,
    "percent-encoded": encodeURIComponent,
    "percent-encoded in small letters": (secret) =>
      encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
    "in a form": (secret) => new URLSearchParams({ secret }).toString().slice("secret=".length),
    "as JSON": (secret) => JSON.stringify(secret).slice(1, -1),
    "as JSON in JSON": (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    "as JSON that HTML may hold": (secret) =>
      JSON.stringify(secret)
        .slice(1, -1)
        .replaceAll("&", "\\u0026")
        .replaceAll("<", "\\u003c")
        .replaceAll(">", "\\u003e"),
    "as HTML": escapeHtml,
    "in base64": (secret) => Buffer.from(secret).toString("base64"),
    "in base64url": (secret) => Buffer.from(secret).toString("base64url"),
    "in hex": (secret) => Buffer.from(secret).toString("hex"),
    "in hex in capitals": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
    "in capitals": (secret) => secret.toUpperCase(),
    "with every character percent-encoded": (secret) => secret.replace(/./g, (each) => `%${code(each)}`),
    "with every character as JSON's escape": (secret) => secret.replace(/./g, (each) => `\\u00${code(each)}`),
    "as a program prints bytes": (secret) => secret.replace(/./g, (each) => `\\x${code(each)}`),
    "as mail writes it": (secret) => secret.replace(/[^a-z0-9]/gi, (each) => `=${code(each).toUpperCase()}`),
  };
  /** How a sink may hold the secret: alone, or as a word of a header. */
  const wordings: readonly ((secret: string) => string)[] = [
    (secret) => secret,
    (secret) => `Bearer ${secret}`,
    (secret) => `Basic ${Buffer.from(`user:${secret}`).toString("base64")}`,
    (secret) => `k=${secret}; v=1`,
  ];
  it("leaves no known secret in any of these encodings, nor a word of it", () => {
    fc.assert(
      fc.property(word, fc.constantFrom(...wordings), (secret, wording) => {
        const said = Object.entries(encodings).map(
          ([name, encode]) => [name, `(${encode(secret)})`] as const,
        );
        const text = said.map(([, quoted]) => `you sent ${quoted}!`).join("\n");
        const masked = maskSecrets(text, [wording(secret)]);
        expect(said.filter(([, quoted]) => masked.includes(quoted))).toEqual([]);
      }),
    );
  });

  it("leaves no known secret inside the base64 of a longer text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5 }), word, fc.string({ maxLength: 5 }), (before, secret, after) => {
        const quoted = Buffer.from(`${before}${secret}${after}`).toString("base64");
        const masked = maskSecrets(`<${quoted}>`, [secret]).replaceAll("***", "");
        expect(masked.length).toBeLessThan(quoted.length - secret.length + 2);
      }),
    );
  });

  it("leaves no known secret that a server read in the wrong character set", () => {
    const mistaken = Buffer.from("pässwörd").toString("latin1");
    expect(maskSecrets(`no user ${mistaken}`, ["pässwörd"])).toBe("no user ***");
  });

  it.each(["k9", "abc", "T1"])("leaves no part %s of a URL, but the words that hold it", (part) => {
    const secrets = urlSecrets(new URL(`https://h.example/services/${part}?q=x`));
    const masked = maskSecrets(`no such hook: ${part}, /${part}/ in x${part}x`, secrets);
    expect(masked).toBe(`no such hook: ***, /***/ in x${part}x`);
  });

  it("takes a URL's path, query and their parts for secrets", () => {
    const secrets = urlSecrets(new URL("https://hooks.example.com/services/T0001/long-segment?key=a%2Fbcd"));
    for (const text of ["/services/T0001/long-segment", "long-segment", "a%2Fbcd", "a/bcd"]) {
      expect(maskSecrets(`<${text}>`, secrets)).toBe("<***>");
    }
  });

  it.each(["a", "token ", "https://", "bearer ", "a/", "token=", "AKIA", "\\", "%25", "&amp;"])(
    "ends, within the test's own time limit, for the largest body full of %j",
    (unit) => {
      expect(maskSecrets(unit.repeat(16_384), ["Bearer abcd", "a/b", "k9", "%25&\\"]).length).toBeGreaterThan(
        0,
      );
    },
  );
});
