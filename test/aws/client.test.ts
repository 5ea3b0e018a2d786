import { describe, expect, it } from "vitest";
import { AwsError } from "../../lib/aws/errors.ts";
import { endpointOf } from "../../lib/aws/services.ts";
import { signV4 } from "../../lib/aws/sigv4.ts";
import { type ServerReply, serve } from "../harness/http.ts";
import { accessKey, nowMs, open } from "./sample.ts";

const throttled: ServerReply = { status: 400, body: { __type: "com.amazonaws.ssm#ThrottlingException" } };

async function calling(reply: ServerReply, ...more: ServerReply[]) {
  const server = await serve(reply, ...more);
  return { server, ...open({ ...accessKey, AWS_ENDPOINT_URL: server.origin }) };
}

const failure = async (call: Promise<unknown>): Promise<AwsError> => {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AwsError))
    throw new Error("the call did not fail with an AwsError", { cause: error });
  return error;
};

describe("a call", () => {
  it("posts the operation as signed JSON and gives the parsed answer", async () => {
    const { server, aws } = await calling({ body: { Parameter: { Value: "x" } } });
    expect(await aws.call("ssm", "GetParameter", { Name: "/a" })).toEqual({ Parameter: { Value: "x" } });
    const [{ method, path, headers, body } = { headers: {} }] = server.seen;
    expect({ method, path, body }).toEqual({ method: "POST", path: "/", body: '{"Name":"/a"}' });
    const signed = {
      host: new URL(server.origin).host,
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AmazonSSM.GetParameter",
    };
    expect(headers).toMatchObject(signed);
    const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "planted-secret-key" };
    const scope = { region: "eu-west-1", service: "ssm" };
    expect(headers).toMatchObject(
      signV4({ path: "/", headers: signed, body: body ?? "" }, key, scope, nowMs),
    );
  });

  it.each([
    ["secretsmanager", "GetSecretValue", "secretsmanager.GetSecretValue", "application/x-amz-json-1.1"],
    ["dynamodb", "GetItem", "DynamoDB_20120810.GetItem", "application/x-amz-json-1.0"],
  ] as const)(
    "names %s's operation and protocol as it wants them",
    async (service, operation, target, type) => {
      const { server, aws } = await calling({});
      await aws.call(service, operation, {});
      expect(server.seen[0]?.headers).toMatchObject({ "x-amz-target": target, "content-type": type });
    },
  );

  it("signs temporary credentials with their token", async () => {
    const server = await serve({});
    const { aws } = open({ ...accessKey, AWS_SESSION_TOKEN: "session", AWS_ENDPOINT_URL: server.origin });
    await aws.call("ssm", "GetParameter", {});
    const headers = server.seen[0]?.headers;
    expect(headers?.["x-amz-security-token"]).toBe("session");
    expect(headers?.authorization).toContain(";x-amz-security-token;");
  });

  it.each<[string, ServerReply]>([
    ["throttling", throttled],
    ["HTTP 429", { status: 429 }],
    ["HTTP 500", { status: 500, body: "<html>" }],
    ["HTTP 503", { status: 503 }],
    ["a broken connection", "drop"],
  ])("tries again after %s, each wait up to twice the last", async (_, reply) => {
    const { server, aws, waits } = await calling(reply, reply, reply, { body: { ok: true } });
    expect(await aws.call("dynamodb", "GetItem", {})).toEqual({ ok: true });
    expect(server.seen).toHaveLength(4);
    expect(waits).toEqual([100, 200, 400]);
  });

  it("gives up after its attempts, with the last failure", async () => {
    const { server, aws } = await calling(throttled);
    const { reason, code } = await failure(aws.call("ssm", "GetParameter", {}, { maxAttempts: 2 }));
    expect({ reason, code }).toEqual({ reason: "throttled", code: "ThrottlingException" });
    expect(server.seen).toHaveLength(2);
  });

  it.each([
    ["ParameterNotFound", "rejected"],
    ["com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "rejected"],
    ["AccessDeniedException", "unauthorized"],
    ["UnrecognizedClientException:http://internal.amazon.com/doc", "unauthorized"],
    ["ExpiredTokenException", "unauthorized"],
  ])("does not repeat %s", async (type, reason) => {
    const { server, aws } = await calling({ status: 400, body: { __type: type, message: "planted-secret" } });
    const error = await failure(aws.call("ssm", "GetParameter", {}));
    expect(error.reason).toBe(reason);
    expect(error.code).toBe(/[A-Za-z]+(?=$|:)/.exec(type.replace(/.*#/, ""))?.[0]);
    expect(error.message).not.toContain("planted");
    expect(server.seen).toHaveLength(1);
  });

  it("reads the code from the header when the body has none", async () => {
    const headers = { "x-amzn-errortype": "ParameterNotFound:http://internal.amazon.com/doc" };
    const { aws } = await calling({ status: 400, headers });
    expect((await failure(aws.call("ssm", "GetParameter", {}))).code).toBe("ParameterNotFound");
  });

  it("shows nothing of a code that is none", async () => {
    const { aws } = await calling({ status: 400, body: { __type: "planted secret" } });
    const { message } = await failure(aws.call("ssm", "GetParameter", {}));
    expect(message).toBe("ssm GetParameter: refused with HTTP 400 (HTTP_400)");
  });

  it("fails for an answer that is no JSON", async () => {
    const { aws } = await calling({ body: "<html>planted" });
    const { reason, message } = await failure(aws.call("ssm", "GetParameter", {}));
    expect(reason).toBe("malformed");
    expect(message).not.toContain("planted");
  });

  it.each([
    ["drop", "UND_ERR_SOCKET", "ssm GetParameter: the connection broke (UND_ERR_SOCKET)"],
    ["garble", "NOT_HTTP", "ssm GetParameter: the response is not HTTP (NOT_HTTP)"],
  ] as const)("says what the network did: %s", async (reply, code, message) => {
    const { aws } = await calling(reply);
    const failed = await failure(aws.call("ssm", "GetParameter", {}, { maxAttempts: 1 }));
    expect(failed).toMatchObject({ reason: "unavailable", code, message });
  });

  it("ends an attempt that gets no answer", async () => {
    const { aws } = await calling("hang");
    const { code } = await failure(aws.call("ssm", "GetParameter", {}, { timeoutMs: 20, maxAttempts: 1 }));
    expect(code).toBe("TIMEOUT");
  });

  it("ends at once when its signal aborts", async () => {
    const { server, aws } = await calling("hang");
    const { code } = await failure(aws.call("ssm", "GetParameter", {}, { signal: AbortSignal.abort() }));
    expect(code).toBe("ABORTED");
    expect(server.seen).toHaveLength(0);
  });

  it("fails without a region, before anything is sent", async () => {
    const { aws } = open({ ...accessKey, AWS_REGION: "" });
    const { reason, code } = await failure(aws.call("ssm", "GetParameter", {}));
    expect({ reason, code }).toEqual({ reason: "unconfigured", code: "NO_REGION" });
  });

  it("throws a defect on, unchanged", async () => {
    const { aws } = await calling({});
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    await expect(aws.call("ssm", "GetParameter", cyclic)).rejects.toBeInstanceOf(TypeError);
  });
});

describe("an endpoint", () => {
  it.each([
    ["eu-west-1", {}, "https://ssm.eu-west-1.amazonaws.com"],
    ["cn-north-1", {}, "https://ssm.cn-north-1.amazonaws.com.cn"],
    ["eu-west-1", { AWS_ENDPOINT_URL: "http://localhost:4566" }, "http://localhost:4566"],
    [
      "eu-west-1",
      { AWS_ENDPOINT_URL: "http://localhost:4566", AWS_ENDPOINT_URL_SSM: "http://localhost:1" },
      "http://localhost:1",
    ],
  ])("in %s with %o is %s", (region, env, expected) => {
    expect(endpointOf("ssm", region, env).origin).toBe(expected);
  });

  it("has a host of another name where the service has", () => {
    expect(endpointOf("ses", "eu-west-1", {}).origin).toBe("https://email.eu-west-1.amazonaws.com");
  });

  it("is an error by its variable when it is no URL", () => {
    expect(() => endpointOf("dynamodb", "eu-west-1", { AWS_ENDPOINT_URL_DYNAMODB: "planted" })).toThrow(
      /^AWS_ENDPOINT_URL_DYNAMODB: not an http or https URL/,
    );
  });
});
