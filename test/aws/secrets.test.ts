import { describe, expect, it } from "vitest";
import { awsSecrets } from "../../lib/aws/secrets.ts";
import { type ServerReply, serve } from "../harness/http.ts";
import { accessKey, open } from "./sample.ts";

async function reading(reply: ServerReply) {
  const server = await serve(reply);
  const { aws } = open({ ...accessKey, AWS_ENDPOINT_URL: server.origin });
  return { server, secrets: awsSecrets(aws) };
}

describe("a reference to a parameter", () => {
  it("gives its decrypted value", async () => {
    const { server, secrets } = await reading({ body: { Parameter: { Name: "/prod/key", Value: "v1" } } });
    expect(await secrets.ssm("ssm:/prod/key")).toBe("v1");
    expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({ Name: "/prod/key", WithDecryption: true });
  });

  it("rejects with AWS's own code", async () => {
    const { secrets } = await reading({ status: 400, body: { __type: "ParameterNotFound" } });
    await expect(secrets.ssm("ssm:/none")).rejects.toMatchObject({
      name: "AwsError",
      code: "ParameterNotFound",
    });
  });
});

describe("a reference to a secret", () => {
  const stored: ServerReply = { body: { SecretString: '{"token":"t1","port":5671,"deep":{"planted":1}}' } };

  it("gives the whole text, colons of an ARN included", async () => {
    const { server, secrets } = await reading({ body: { SecretString: "whole" } });
    const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:bridge-AbCdEf";
    expect(await secrets.secretsmanager(`secretsmanager:${arn}`)).toBe("whole");
    expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({ SecretId: arn });
  });

  it("gives one value of a JSON object, with one request for several", async () => {
    const { server, secrets } = await reading(stored);
    const values = [
      secrets.secretsmanager("secretsmanager:db#token"),
      secrets.secretsmanager("secretsmanager:db#port"),
    ];
    expect(await Promise.all(values)).toEqual(["t1", "5671"]);
    expect(server.seen).toHaveLength(1);
  });

  it.each([
    ["a key that is not there", stored, "NO_SUCH_KEY"],
    ["a key that every object inherits", stored, "NO_SUCH_KEY", "constructor"],
    ["a value that is no text", stored, "NO_SUCH_KEY", "deep"],
    ["a text that is no JSON", { body: { SecretString: "planted" } }, "NO_SUCH_KEY"],
    ["a binary secret", { body: { SecretBinary: "cGxhbnRlZA==" } }, "NO_TEXT"],
  ])("rejects for %s and shows nothing of it", async (_, reply, code, key = "none") => {
    const { secrets } = await reading(reply);
    const read = secrets.secretsmanager(`secretsmanager:db#${key}`);
    await expect(read).rejects.toMatchObject({ name: "AwsError", code });
    await expect(read).rejects.not.toThrow("planted");
  });
});
