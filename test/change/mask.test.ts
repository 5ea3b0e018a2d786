import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskedParams } from "../../lib/change/mask.ts";

describe("a task's params", () => {
  it("are null when there are none", () => {
    expect([maskedParams(null), maskedParams("")]).toEqual([null, null]);
  });

  it("keep what is no secret", () => {
    const params = { public_ip_address: "1.2.3.4", keyword: "x", n: 1, list: [true, null] };
    expect(maskedParams(JSON.stringify(params))).toEqual(params);
  });

  it.each([
    "password",
    "new_password",
    "accessKey",
    "access_key_secret",
    "token",
    "sk",
    "AK",
    "kafka_private_key",
  ])("mask the value of %s at any depth, in JSON inside strings too", (key) => {
    const secret = { a: [{ [key]: "hunter2" }] };
    const params = { ...secret, nested: JSON.stringify(secret) };
    expect(JSON.stringify(maskedParams(JSON.stringify(params)))).not.toContain("hunter2");
  });

  it.each([
    "pass",
    "db_pass",
    "passwd",
    "passphrase",
    "private_key",
    "privatekey",
    "accesskey",
    "access-key",
    "apikey",
    "api_key",
    "api-key",
    "pwd",
  ])("mask the value of %s", (key) => {
    expect(maskedParams(JSON.stringify({ [key]: "x" }))).toEqual({ [key]: "***" });
  });

  it.each(["passport", "compass_direction", "task", "desk", "pwds", "ask", "skip"])(
    "show the value of %s",
    (key) => {
      expect(maskedParams(JSON.stringify({ [key]: "x" }))).toEqual({ [key]: "x" });
    },
  );

  it("show a secret's key without a value as it is", () => {
    expect(maskedParams('{"password":null}')).toEqual({ password: null });
  });

  it.each(["passwd=x", "password=x", "accesskey=x", "access_key=x", "apikey=x", "api-key=x"])(
    "mask the pair %s in text",
    (pair) => {
      expect(maskedParams(`a ${pair}`)).toBe(`a ${pair.replace("x", "***")}`);
    },
  );

  it("are whole up to the limit of their size", () => {
    expect(maskedParams("x".repeat(16_384))).toBe("x".repeat(16_384));
    expect(maskedParams("x".repeat(16_385))).toEqual({ truncated: true, characters: 16_385 });
  });

  it("mask pairs in text that is no JSON", () => {
    expect(maskedParams("user=bob password=hunter2; x")).toBe("user=bob password=***; x");
  });

  it("mask secrets in JSON that is quoted twice, or has text before it", () => {
    const secret = JSON.stringify({ password: "hunter2" });
    for (const params of [
      JSON.stringify(JSON.stringify(secret)),
      `run ${secret}`,
      `run ${JSON.stringify(secret)}`,
    ]) {
      expect(JSON.stringify(maskedParams(params))).not.toContain("hunter2");
    }
  });

  it("keep a key named __proto__ a key", () => {
    const masked = maskedParams('{"__proto__":{"polluted":true}}');
    expect(JSON.stringify(masked)).toBe('{"__proto__":{"polluted":true}}');
    expect(Object.hasOwn({}, "polluted")).toBe(false);
  });

  it("are bounded in size and depth", () => {
    expect(maskedParams(`"${"x".repeat(20_000)}"`)).toEqual({ truncated: true, characters: 20_002 });
    expect(JSON.stringify(maskedParams(`${"[".repeat(5_000)}${"]".repeat(5_000)}`))).toContain("***");
  });

  it("mask a pair inside another pair's value", () => {
    expect(maskedParams("url=my-password=hunter2 x")).toBe("url=my-password=*** x");
  });

  it.each(["token-", "secret", "a-", "password ", "token\\", "-"])(
    "end, within the test's own time limit, when they are full of %j, which makes an expression go back for ever",
    (unit) => {
      const text = unit.repeat(16_000 / unit.length);
      expect(maskedParams(text)).toBe(text);
    },
  );

  it("never show a secret's value, whatever surrounds it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (around) => {
        const text = JSON.stringify({ around, deep: [{ db_password: "S3CRET-VALUE", around }] });
        expect(JSON.stringify(maskedParams(text))).not.toContain("S3CRET-VALUE");
      }),
    );
  });
});
