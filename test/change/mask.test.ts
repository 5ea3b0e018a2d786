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
    "pass_word",
    "PassWord",
    "api key",
    "requirepass",
    "masterauth",
    "userpass",
    "rootpw",
    "sshKey",
    "preSharedKey",
    "psk",
    "pin",
    "creds",
    "session_key",
    "sessionId",
    "auth_code",
    "signature",
    "mima",
  ])("mask the value of %s", (key) => {
    expect(maskedParams(JSON.stringify({ [key]: "x" }))).toEqual({ [key]: "***" });
  });

  it.each([
    "passport",
    "compass_direction",
    "task",
    "desk",
    "pwds",
    "ask",
    "skip",
    "bypass",
    "partition_key",
    "spin",
  ])("show the value of %s", (key) => {
    expect(maskedParams(JSON.stringify({ [key]: "x" }))).toEqual({ [key]: "x" });
  });

  it.each([
    ["an element", "<user><password>hunter2</password></user>", "<user><password>***</password></user>"],
    ["a flag's quoted value", '--password "hunter2" -v', '--password "***" -v'],
    ["a token in a user's place", "https://hunter2hunter2@git.example/x", "https://***@git.example/x"],
  ])("mask %s in text", (_case, text, masked) => {
    expect(maskedParams(text)).toBe(masked);
    expect(maskedParams(JSON.stringify({ text }))).toEqual({ text: masked });
  });

  it("keep a user's name in a URI", () => {
    expect(maskedParams("ssh://git@example.com/x")).toBe("ssh://git@example.com/x");
  });

  it("mask the value beside a label that names a secret", () => {
    const params = [{ label: "password", text: "hunter2" }];
    expect(maskedParams(JSON.stringify(params))).toEqual([{ label: "password", text: "***" }]);
  });

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
    expect(maskedParams("x".repeat(16_385))).toEqual({
      truncated: true,
      characters: 16_385,
      beginning: "x".repeat(16_384),
    });
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
    expect(maskedParams(`"${"x".repeat(20_000)}"`)).toMatchObject({ truncated: true, characters: 20_002 });
    expect(JSON.stringify(maskedParams(`${"[".repeat(5_000)}${"]".repeat(5_000)}`))).toContain("***");
  });

  it("mask a pair inside another pair's value", () => {
    expect(maskedParams("url=my-password=hunter2 x")).toBe("url=my-password=*** x");
  });

  it.each([
    "token-",
    "secret",
    "a-",
    "password ",
    "token\\",
    "-",
    "a=",
    "password='",
    "a://b:",
    "Bearer ",
    "?key",
  ])(
    "end, within the test's own time limit, when they are full of %j, which makes an expression go back for ever",
    (unit) => {
      const text = unit.repeat(16_000 / unit.length);
      expect(String(maskedParams(text)).slice(0, 2)).toBe(text.slice(0, 2));
    },
  );

  it.each([
    "newPwd",
    "adminPwd",
    "userPassword2",
    "AWSSecretKey",
    "saslJaasToken",
    "clientSk",
    "db.pass",
    "数据库密码",
    "ｐａｓｓｗｏｒｄ",
  ])("mask the value of %s, in objects, pairs, lists of names and values, and text", (name) => {
    for (const params of [
      { [name]: "hunter2" },
      { [name]: { a: ["hunter2"] } },
      [{ name, value: "hunter2" }],
      [{ key: name, old_value: "hunter2", newValue: "hunter2" }],
      { value: "hunter2", param_name: name },
      [[name, "hunter2"]],
      { text: `${name}=hunter2` },
      { text: `--set "${name}": "hunter2 and hunter2"` },
      JSON.stringify(JSON.stringify({ [name]: "a hunter2" })),
    ]) {
      expect(JSON.stringify(maskedParams(JSON.stringify(params)))).not.toContain("hunter2");
    }
  });

  it.each([
    ["amqp://u:hunter2@h:5672/v", "amqp://u:***@h:5672/v"],
    ["redis://:hunter2@h", "redis://:***@h"],
    ["mongodb+srv://u:hun@ter/2@h/db", "mongodb+srv://u:***@h/db"],
    ["http://h:8080/a?b=c@d", "http://h:8080/a?b=c@d"],
    ["Authorization: Bearer hunter2", "Authorization: Bearer ***"],
    ["Authorization: Basic dTpw", "Authorization: Basic ***"],
    ['{"Authorization":"Bearer hunter2"} x', '{"Authorization":"***"} x'],
    ["use Bearer abcdef-12345", "use Bearer ***"],
    ["Cookie: a=b; c=d", "Cookie: ***"],
    ["-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nx", "***\nx"],
    ["-----BEGIN PRIVATE KEY-----\nabc", "***"],
    ["-----BEGIN CERTIFICATE-----\nabc", "-----BEGIN CERTIFICATE-----\nabc"],
    ["id AKIAIOSFODNN7EXAMPLE.", "id ***."],
    [`ghp_${"a1".repeat(18)}`, "***"],
    ["xoxb-123456789012-abcdef", "***"],
    ["glpat-abcdefghij0123456789", "***"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln x", "*** x"],
    [`sk-${"a1".repeat(12)}`, "***"],
    ["https://hooks.slack.com/services/T0/B0/abcdef", "https://hooks.slack.com/services/***"],
    ["https://h.example/f?se=1&sig=abc%2F&x=1", "https://h.example/f?se=1&sig=***&x=1"],
    ["mysql --password hunter2 -h x", "mysql --password *** -h x"],
    ["Server=h;Password='a b;c';AccountKey=abc==;Port=1", "Server=h;Password='***';AccountKey=***;Port=1"],
    ["the task failed: a token bucket is at 80%", "the task failed: a token bucket is at 80%"],
  ])("show %j as %j", (text, masked) => {
    expect(maskedParams(text)).toBe(masked);
    expect(maskedParams(JSON.stringify({ text }))).toEqual({ text: masked });
  });

  it("arrive as the API wrote them: numbers, and JSON inside text", () => {
    const numbers = '{"message_offset":9223372036854775807,"a":1e400,"b":0.10,"c":-0}';
    const nested = `{"config": ${JSON.stringify(`{ "n": 1.0,\n "s": "\\u00e9\\/" }`)}}`;
    expect(JSON.stringify(maskedParams(numbers))).toBe(numbers);
    expect(JSON.stringify(maskedParams(nested))).toBe(nested.replace(": ", ":"));
  });

  it("keep their numbers where something beside them is masked", () => {
    const params = JSON.stringify({ config: '{"password":"x","n":0.10}', m: 1 });
    expect(maskedParams(params)).toEqual({ config: '{"password":"***","n":0.10}', m: 1 });
  });

  it("show none of a repeated key's values", () => {
    const nested = '{"password":"hunter2","password":null}';
    expect(JSON.stringify(maskedParams(JSON.stringify({ nested })))).not.toContain("hunter2");
  });

  it("over 16 KiB are cut to their beginning, never inside a character or before a secret is masked", () => {
    for (const filler of ["x", "你", "😀"]) {
      const before = filler.repeat(Math.floor(16_370 / Buffer.byteLength(filler)));
      const cut = maskedParams(`${before} ghp_${"a1".repeat(18)} ${filler.repeat(9_000)}`);
      expect(cut).toMatchObject({ truncated: true, beginning: expect.stringContaining(`${before} ***`) });
      const { beginning } = Object(cut);
      expect(Buffer.byteLength(beginning)).toBeLessThanOrEqual(16_384);
      expect(beginning.isWellFormed()).toBe(true);
      expect(beginning).not.toContain("a1");
    }
  });

  it("are the same value where nothing looks like a secret", () => {
    const word = fc.stringMatching(/^[a-f ]{0,8}$/);
    const value = fc.letrec((tie) => ({
      any: fc.oneof(word, fc.double(), fc.boolean(), fc.constant(null), tie("list"), tie("object")),
      list: fc.array(tie("any"), { maxLength: 3 }),
      object: fc.dictionary(word, tie("any"), { maxKeys: 3 }),
    })).object;
    fc.assert(
      fc.property(value, (params) => {
        const text = JSON.stringify(params);
        expect(JSON.stringify(maskedParams(text))).toBe(text);
      }),
    );
  });

  it("never show a secret's value, whatever surrounds it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (around) => {
        const text = JSON.stringify({ around, deep: [{ db_password: "S3CRET-VALUE", around }] });
        expect(JSON.stringify(maskedParams(text))).not.toContain("S3CRET-VALUE");
      }),
    );
  });
});
