import { Agent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { huaweiSecrets } from "../../lib/huawei/secrets.ts";
import { parseAuthorization, signatureOf } from "../../lib/huawei/sign.ts";
import { nowMs } from "../aws/sample.ts";
import { type Seen, type ServerReply, serve } from "../harness/http.ts";

const key = { HUAWEICLOUD_SDK_AK: "AK", HUAWEICLOUD_SDK_SK: "planted-secret-key" };
const place = { HUAWEICLOUD_SDK_REGION: "cn-north-4", HUAWEICLOUD_SDK_PROJECT_ID: "p1" };
const stored = (text: string): ServerReply => ({ body: { version: { secret_string: text } } });

async function reading(reply: ServerReply, environment: Record<string, string> = { ...key, ...place }) {
  const server = await serve(reply);
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  const read = huaweiSecrets({
    environment: { ...environment, HUAWEICLOUD_KMS_ENDPOINT: server.origin },
    dispatcher,
    clock: { now: () => nowMs, sleep: async () => {} },
  });
  return { server, read };
}

const isSigned = ({ method, path, headers }: Seen): boolean => {
  const authorization = parseAuthorization(headers.authorization ?? "");
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const request = { method, path, query: [], headers: sent, body: "" };
  if (!authorization) return false;
  const { signedNames, signature } = authorization;
  return signature === signatureOf(request, key.HUAWEICLOUD_SDK_SK, sent["x-sdk-date"] ?? "", signedNames);
};

describe("a csms: reference", () => {
  it("gives the latest version of the secret, by a signed request", async () => {
    const { server, read } = await reading(stored("whole"));
    expect(await read("csms:bridge-sk")).toBe("whole");
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: "GET", path: "/v1/p1/secrets/bridge-sk/versions/latest" });
    expect(seen && isSigned(seen)).toBe(true);
  });

  it("gives one value of a JSON object, with one request for several", async () => {
    const { server, read } = await reading(stored('{"token":"t1","port":5671,"deep":{}}'));
    expect(await Promise.all([read("csms:db#token"), read("csms:db#port")])).toEqual(["t1", "5671"]);
    expect(server.seen).toHaveLength(1);
    await expect(read("csms:db#deep")).rejects.toMatchObject({ name: "SecretError", code: "NO_SUCH_KEY" });
  });

  it("finds the project that FunctionGraph names", async () => {
    const functionGraph = { ...key, HUAWEICLOUD_SDK_REGION: "eu-de", RUNTIME_PROJECT_ID: "p2" };
    const { server, read } = await reading(stored("x"), functionGraph);
    await read("csms:name");
    expect(server.seen[0]?.path).toBe("/v1/p2/secrets/name/versions/latest");
  });

  it.each([
    ["no access key", place, {}, "NO_ACCESS_KEY"],
    ["no region", { ...key, HUAWEICLOUD_SDK_PROJECT_ID: "p1" }, {}, "NO_HUAWEICLOUD_SDK_REGION"],
    ["no project", { ...key, HUAWEICLOUD_SDK_REGION: "r" }, {}, "NO_HUAWEICLOUD_SDK_PROJECT_ID"],
    ["a refusal", { ...key, ...place }, { status: 403, body: { error_msg: "planted" } }, "HTTP_403"],
    ["a binary secret", { ...key, ...place }, { body: { version: { secret_binary: "eA==" } } }, "NO_TEXT"],
    ["an answer that is no JSON", { ...key, ...place }, { body: "<planted>" }, "NO_TEXT"],
  ])("rejects for %s and shows nothing of it", async (_, environment, reply, code) => {
    const { read } = await reading(reply, environment);
    await expect(read("csms:name")).rejects.toMatchObject({ name: "SecretError", code, message: code });
  });
});
