import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ServerReply, serve } from "../harness/http.ts";
import { open } from "./sample.ts";

const minuteMs = 60_000;
const handedOut = (id: string): ServerReply => ({
  body: {
    AccessKeyId: id,
    SecretAccessKey: "planted-secret-key",
    Token: `token-${id}`,
    Expiration: "2026-11-24T13:00:00Z",
  },
});

async function inContainer(replies: [ServerReply, ...ServerReply[]], more: Record<string, string> = {}) {
  const container = await serve(...replies);
  const service = await serve({});
  const opened = open({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${container.origin}/v2/keys?id=1`,
    AWS_ENDPOINT_URL: service.origin,
    ...more,
  });
  return { container, service, ...opened };
}

const usedKeys = (seen: readonly { readonly headers: { authorization?: string | undefined } }[]) =>
  seen.map(({ headers }) => /Credential=([^/]+)/.exec(headers.authorization ?? "")?.[1]);

describe("a container's key", () => {
  it("is asked for with the container's token, and signs", async () => {
    const { container, service, aws } = await inContainer([handedOut("K1")], {
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "container-token",
    });
    await aws.call("ssm", "GetParameter", {});
    expect(container.seen[0]).toMatchObject({
      method: "GET",
      path: "/v2/keys?id=1",
      headers: { authorization: "container-token" },
    });
    expect(usedKeys(service.seen)).toEqual(["K1"]);
    expect(service.seen[0]?.headers["x-amz-security-token"]).toBe("token-K1");
  });

  it("may have its token in a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keys-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "token"), "from-the-file\n");
    const { container, aws } = await inContainer([handedOut("K1")], {
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, "token"),
    });
    await aws.call("ssm", "GetParameter", {});
    expect(container.seen[0]?.headers.authorization).toBe("from-the-file");
  });

  it("is asked for once by calls at the same time, and again five minutes before it ends", async () => {
    const { container, service, aws, clock } = await inContainer([handedOut("K1"), handedOut("K2")]);
    await Promise.all([aws.call("ssm", "GetParameter", {}), aws.call("ssm", "GetParameter", {})]);
    clock.nowMs += 55 * minuteMs - 1;
    await aws.call("ssm", "GetParameter", {});
    expect(container.seen).toHaveLength(1);
    clock.nowMs += 1;
    await aws.call("ssm", "GetParameter", {});
    expect(usedKeys(service.seen)).toEqual(["K1", "K1", "K1", "K2"]);
  });

  it("that AWS calls expired is another for the next call, where one attempt is all a call may have", async () => {
    const container = await serve(handedOut("K1"), handedOut("K2"));
    const service = await serve({ status: 400, body: { __type: "ExpiredTokenException" } }, {});
    const { aws } = open({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: container.origin,
      AWS_ENDPOINT_URL: service.origin,
    });
    const call = () => aws.call("ssm", "GetParameter", {}, { maxAttempts: 1 });
    await expect(call()).rejects.toMatchObject({ code: "ExpiredTokenException" });
    await call();
    expect(usedKeys(service.seen)).toEqual(["K1", "K2"]);
  });

  it("is renewed when AWS calls it expired", async () => {
    const container = await serve(handedOut("K1"), handedOut("K2"));
    const service = await serve({ status: 400, body: { __type: "ExpiredTokenException" } }, {});
    const { aws } = open({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: container.origin,
      AWS_ENDPOINT_URL: service.origin,
    });
    await aws.call("ssm", "GetParameter", {});
    expect(usedKeys(service.seen)).toEqual(["K1", "K2"]);
  });

  it.each<[string, ServerReply, string]>([
    ["refused", { status: 403, body: "planted" }, "HTTP_403"],
    ["no JSON", { body: "planted" }, "NOT_A_KEY"],
    ["no key", { body: { AccessKeyId: "planted" } }, "NOT_A_KEY"],
  ])("fails the call when it is %s, and shows nothing of the answer", async (_, reply, code) => {
    const { aws } = await inContainer([reply]);
    const call = aws.call("ssm", "GetParameter", {});
    await expect(call).rejects.toMatchObject({ name: "AwsError", code });
    await expect(call).rejects.not.toThrow("planted");
  });

  it.each([
    ["http://metadata.example/keys", "BAD_CREDENTIALS_URI"],
    ["http://127.0.0.1.example/keys", "BAD_CREDENTIALS_URI"],
    ["nowhere", "BAD_CREDENTIALS_URI"],
    ["", "NO_CREDENTIALS"],
  ])("is not asked for at %o", async (uri, code) => {
    const { service, aws } = await inContainer([handedOut("K1")], {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
    });
    await expect(aws.call("ssm", "GetParameter", {})).rejects.toMatchObject({ reason: "unconfigured", code });
    expect(service.seen).toHaveLength(0);
  });

  it("is never sent to a host that a relative address smuggles in", async () => {
    const { aws } = await inContainer([handedOut("K1")], {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "@metadata.example/keys",
    });
    await expect(aws.call("ssm", "GetParameter", {})).rejects.toMatchObject({ code: "BAD_CREDENTIALS_URI" });
  });
});

describe("without a key in the environment", () => {
  const profiled = async (profile: string, name = "ops") => {
    const folder = await mkdtemp(join(tmpdir(), "keys-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "credentials"), `[ops]\n${profile.replace("FOLDER", folder)}\n`);
    const service = await serve({});
    const opened = open({
      AWS_PROFILE: name,
      AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
      AWS_CONFIG_FILE: join(folder, "config"),
      AWS_ENDPOINT_URL: service.origin,
    });
    return { folder, service, ...opened };
  };

  it("a profile of AWS's own files has it", async () => {
    const { service, aws } = await profiled("aws_access_key_id = K1\naws_secret_access_key = planted");
    await aws.call("ssm", "GetParameter", {});
    expect(usedKeys(service.seen)).toEqual(["K1"]);
  });

  it("a profile's process issues it, and again five minutes before it ends", async () => {
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    const key = { Version: 1, AccessKeyId: "K%d", SecretAccessKey: "s", Expiration: expiration };
    const { folder, service, aws, clock } = await profiled("credential_process = sh FOLDER/issue.sh");
    await writeFile(
      join(folder, "issue.sh"),
      `cd ${folder}; echo >> runs; printf '${JSON.stringify(key)}' $(wc -l < runs)`,
    );
    await aws.call("ssm", "GetParameter", {});
    clock.nowMs = Date.parse(expiration) - 5 * minuteMs;
    await aws.call("ssm", "GetParameter", {});
    expect(usedKeys(service.seen)).toEqual(["K1", "K2"]);
  });

  it("a profile that does not exist is a clear error", async () => {
    const { service, aws } = await profiled("region = eu-west-1", "staging");
    await expect(aws.call("ssm", "GetParameter", {})).rejects.toThrow(
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached",
    );
    expect(service.seen).toEqual([]);
  });
});
