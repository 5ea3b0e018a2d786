import { request } from "undici";
import { describe, expect, it } from "vitest";
import { type AccessKey, sign, signatureOf } from "../../lib/huawei/sign.ts";
import { demoKey, demoToken, demoUser } from "../../lib/simulator/auth.ts";
import { basicTime } from "../../lib/text/basic-time.ts";
import { codeIn, running, startMs, tasksPath } from "./running.ts";

const badCredentials = [401, "APIGW.0301"];
const minuteMs = 60_000;

/** A simulator that checks who calls, and calls signed with a key at an instant. */
async function guarded(options: Parameters<typeof running>[0] = {}) {
  const simulator = await running({ auth: "signed", ...options });
  const { url, get, clock } = simulator;
  const signed = (key: AccessKey = demoKey, atMs = clock.now(), target = `${tasksPath}?limit=5&start=1`) => {
    const { host, pathname, searchParams } = new URL(target, url);
    const headers = { host };
    const request = { method: "GET", path: pathname, query: [...searchParams], headers, body: "" };
    return get(target, { ...headers, ...sign(request, key, atMs) });
  };
  return { ...simulator, signed };
}

describe("a signature", () => {
  it("lets the demo's key in", async () => {
    const { signed } = await guarded();
    expect((await signed()).status).toBe(200);
  });

  it("is refused when its secret is wrong, its key unknown, or it is missing", async () => {
    const { signed, get } = await guarded();
    expect(codeIn(await signed({ ...demoKey, sk: "other" }))).toEqual(badCredentials);
    expect(codeIn(await signed({ ...demoKey, ak: "OTHER" }))).toEqual(badCredentials);
    expect(codeIn(await get(tasksPath))).toEqual(badCredentials);
  });

  it("is refused when the request is not the one that was signed", async () => {
    const { get, url } = await guarded();
    const headers = { host: new URL(url).host };
    const request = { method: "GET", path: tasksPath, query: [], headers, body: "" };
    const added = sign(request, demoKey, startMs);
    expect((await get(tasksPath, added)).status).toBe(200);
    expect(codeIn(await get(`${tasksPath}?limit=1`, added))).toEqual(badCredentials);
  });

  it("is refused when it leaves its own date out", async () => {
    const { get } = await guarded();
    const date = basicTime(startMs);
    const headers = { "x-sdk-date": date };
    const request = { method: "GET", path: tasksPath, query: [], headers, body: "" };
    const authorization = (names: readonly string[]) => {
      const signature = signatureOf(request, demoKey.sk, date, names);
      const signed = `SignedHeaders=${names.join(";")}, Signature=${signature}`;
      return `SDK-HMAC-SHA256 Access=${demoKey.ak}, ${signed}`;
    };
    const answered = (names: readonly string[]) =>
      get(tasksPath, { ...headers, authorization: authorization(names) });
    expect((await answered(["x-sdk-date"])).status).toBe(200);
    expect(codeIn(await answered(["accept"]))).toEqual(badCredentials);
  });

  it.each([
    [15, 200],
    [15.1, 401],
    [-15, 200],
    [-15.1, 401],
  ])("made %f minutes off the server's clock is answered with %i", async (minutes, status) => {
    const { signed, clock } = await guarded();
    // X-Sdk-Date has whole seconds.
    clock.set(startMs - 250);
    expect((await signed(demoKey, clock.now() + minutes * minuteMs)).status).toBe(status);
  });

  it("of temporary credentials needs their token", async () => {
    const temporary = { ak: "TEMPORARY", sk: "secret", securityToken: "token" };
    const { signed } = await guarded({ keys: [temporary] });
    expect((await signed(temporary)).status).toBe(200);
    expect(codeIn(await signed({ ak: "TEMPORARY", sk: "secret" }))).toEqual(badCredentials);
    expect(codeIn(await signed({ ...temporary, securityToken: "other" }))).toEqual(badCredentials);
  });

  it("is refused for five minutes, though right, after five refusals in a row", async () => {
    const { signed, clock } = await guarded();
    const wrong = { ...demoKey, sk: "other" };
    const refuse = async (times: number) => {
      for (let left = times; left > 0; left--) await signed(wrong);
    };
    await refuse(4);
    expect((await signed()).status).toBe(200);
    await refuse(4);
    expect((await signed()).status).toBe(200);
    await refuse(5);
    expect(codeIn(await signed())).toEqual(badCredentials);
    await clock.advance(5 * minuteMs - 1);
    expect(codeIn(await signed())).toEqual(badCredentials);
    await clock.advance(1);
    expect((await signed()).status).toBe(200);
    await refuse(5);
    await clock.advance(5 * minuteMs);
    await refuse(5);
    expect(codeIn(await signed())).toEqual(badCredentials);
  });
});

describe("a token", () => {
  const asked = (user = demoUser) => ({
    auth: {
      identity: {
        methods: ["password"],
        password: {
          user: { name: user.username, password: user.password, domain: { name: user.domain } },
        },
      },
      scope: { project: { id: "project" } },
    },
  });

  async function ask(url: string, body: unknown) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await request(`${url}/v3/auth/tokens?nocatalog=true`, { method: "POST", body: text });
    return {
      status: answer.statusCode,
      token: String(answer.headers["x-subject-token"]),
      body: JSON.parse(await answer.body.text()),
    };
  }

  it("is given for the user's password, lets in for a day, and is then to be renewed", async () => {
    const { url, get, clock } = await guarded();
    const { status, token, body } = await ask(url, asked());
    expect(status).toBe(201);
    expect(body.token.expires_at).toBe("2024-08-08T12:00:00.250000Z");
    const withToken = () => get(tasksPath, { "x-auth-token": token });
    await clock.advance(24 * 60 * minuteMs - 1);
    expect((await withToken()).status).toBe(200);
    await clock.advance(1);
    expect(codeIn(await withToken())).toEqual([401, "APIGW.0307"]);
  });

  it("is not given for a wrong user, password or account, nor for a body that asks for none", async () => {
    const { url } = await guarded();
    for (const field of ["username", "password", "domain"] as const) {
      const wrong = await ask(url, asked({ ...demoUser, [field]: "other" }));
      expect(wrong).toMatchObject({ status: 401, body: { error: { code: 401 } } });
    }
    for (const body of ["", "{", "null", { auth: {} }]) {
      expect(await ask(url, body)).toMatchObject({ status: 400, body: { error: { code: 400 } } });
    }
  });

  it("lets in for good when it was named at the start, and not when nobody gave it", async () => {
    const { get } = await guarded();
    expect((await get(tasksPath, { "x-auth-token": demoToken })).status).toBe(200);
    expect(codeIn(await get(tasksPath, { "x-auth-token": "other" }))).toEqual(badCredentials);
  });
});
