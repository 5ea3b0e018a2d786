import { describe, expect, it } from "vitest";
import { failure, json, type LoopbackHandler, loopback, open, readAll, record, tasks } from "./loopback.ts";

const user = { username: "poller", password: "hunter2-and-more", domain: "acme" };

/** Answers with token-1, token-2, …, each good for a day. */
function iam(): LoopbackHandler {
  let given = 0;
  return json({ token: { expires_at: "2024-08-08T12:00:00.000000Z" } }, 201, {
    get "x-subject-token"() {
      given += 1;
      return `token-${given}`;
    },
  });
}

const refused = (error_code: string) => json({ error_code }, 401);
const sentTokens = (server: Awaited<ReturnType<typeof loopback>>) =>
  server.requests.map(({ headers }) => headers["x-auth-token"]);

describe("a static token", () => {
  it("is sent as it is, without a signature", async () => {
    const server = await loopback(tasks());
    await readAll(open(server.origin, { credentials: { token: "given" } }).source);
    expect(sentTokens(server)).toEqual(["given"]);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("that is refused is not sent again, nor shown", async () => {
    const server = await loopback(json({ error_code: "APIG.0307", error_msg: "given expired" }, 401));
    const error = await failure(readAll(open(server.origin, { credentials: { token: "given" } }).source));
    expect(error.reason).toBe("unauthorized");
    expect(error.message).not.toContain("given");
    expect(server.requests).toHaveLength(1);
  });
});

describe("an IAM user", () => {
  const openUser = async (tokens: readonly LoopbackHandler[], answers: readonly LoopbackHandler[]) => {
    const tokenServer = await loopback(...tokens);
    const server = await loopback(...answers);
    return {
      tokenServer,
      server,
      ...open(server.origin, { credentials: user, iamEndpoint: tokenServer.origin }),
    };
  };

  it("asks for a token of the project, without the catalogue", async () => {
    const { source, tokenServer, server } = await openUser([iam()], [tasks(record("a"))]);
    expect((await readAll(source)).ids).toEqual(["a"]);
    const [asked] = tokenServer.requests;
    expect(`${asked?.method} ${asked?.url.pathname}${asked?.url.search}`).toBe(
      "POST /v3/auth/tokens?nocatalog=true",
    );
    expect(JSON.parse(asked?.body ?? "")).toEqual({
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name: "poller", password: user.password, domain: { name: "acme" } } },
        },
        scope: { project: { id: "project" } },
      },
    });
    expect(sentTokens(server)).toEqual(["token-1"]);
  });

  it("keeps its token, and renews it before it ends", async () => {
    const { source, server, pass } = await openUser([iam()], [tasks()]);
    await readAll(source);
    pass(21 * 3_600_000);
    await readAll(source);
    pass(3_600_000);
    await readAll(source);
    expect(sentTokens(server)).toEqual(["token-1", "token-1", "token-2"]);
  });

  it("asks once for all streams that need a token at the same time", async () => {
    const { source, tokenServer } = await openUser([iam()], [tasks()]);
    await Promise.all([readAll(source), readAll(source), readAll(source)]);
    expect(tokenServer.requests).toHaveLength(1);
  });

  it.each(["APIG.0307", "APIGW.0307", "DMS.10240101", "DMS.10240102", "DMS.10240103"])(
    "renews a token refused with %s and repeats the call",
    async (code) => {
      const { source, server } = await openUser([iam()], [refused(code), tasks(record("a"))]);
      expect((await readAll(source)).ids).toEqual(["a"]);
      expect(sentTokens(server)).toEqual(["token-1", "token-2"]);
    },
  );

  it("renews a refused token just once", async () => {
    const { source, server, tokenServer } = await openUser([iam()], [refused("APIG.0307")]);
    expect(await failure(readAll(source))).toMatchObject({ reason: "unauthorized" });
    expect(server.requests).toHaveLength(2);
    expect(tokenServer.requests).toHaveLength(2);
  });

  it("does not repeat any other refusal", async () => {
    const { source, server } = await openUser([iam()], [refused("APIG.0301")]);
    await failure(readAll(source));
    expect(server.requests).toHaveLength(1);
  });

  it("whose password is wrong asks once, and shows no password", async () => {
    const wrong = json({ error: { code: 401, message: `bad password ${user.password}` } }, 401);
    const { source, server, tokenServer } = await openUser([wrong], [tasks()]);
    const error = await failure(readAll(source));
    expect(error).toMatchObject({ reason: "unauthorized", api: { status: 401, code: "401" } });
    expect(error.message).toContain("IAM token request");
    expect(error.message).not.toContain(user.password);
    await failure(readAll(source));
    expect(tokenServer.requests).toHaveLength(1);
    expect(server.requests).toHaveLength(0);
  });

  it("needs a token in the answer", async () => {
    const { source } = await openUser([json({ token: {} }, 201)], [tasks()]);
    expect(await failure(readAll(source))).toMatchObject({ reason: "malformed" });
  });

  it("keeps a token of unknown life for less than an hour", async () => {
    const headers = { "x-subject-token": "t" };
    const { source, tokenServer, pass } = await openUser([json({ token: null }, 201, headers)], [tasks()]);
    await readAll(source);
    pass(3_000_000);
    await readAll(source);
    expect(tokenServer.requests).toHaveLength(1);
    pass(300_000);
    await readAll(source);
    expect(tokenServer.requests).toHaveLength(2);
  });

  it("tries again when IAM is busy", async () => {
    const { source, tokenServer } = await openUser([json({}, 503), iam()], [tasks(record("a"))]);
    expect((await readAll(source)).ids).toEqual(["a"]);
    expect(tokenServer.requests).toHaveLength(2);
  });
});
