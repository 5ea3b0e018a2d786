import { describe, expect, it } from "vitest";
import { type AwsKey, type SigV4Request, signV4 } from "../../lib/aws/sigv4.ts";

// Published with the AWS Signature Version 4 test suite, as are the cases below.
const key: AwsKey = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const sessionToken =
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
const scope = { region: "us-east-1", service: "service" };
const nowMs = Date.parse("2015-08-30T12:36:00Z");
const host = "example.amazonaws.com";

const post = (headers: Record<string, string> = {}, body = ""): SigV4Request => ({
  path: "/",
  headers: { host, ...headers },
  body,
});

const form = post({ "content-type": "application/x-www-form-urlencoded" }, "Param1=value1");

describe("a signature by Signature Version 4", () => {
  it.each([
    [
      "post-vanilla",
      post(),
      key,
      "host;x-amz-date",
      "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ],
    [
      "post-header-value-case",
      post({ "my-header1": "VALUE1" }),
      key,
      "host;my-header1;x-amz-date",
      "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ],
    [
      "post-x-www-form-urlencoded",
      form,
      key,
      "content-type;host;x-amz-date",
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ],
    [
      "post-sts-header-before",
      post(),
      { ...key, sessionToken },
      "host;x-amz-date;x-amz-security-token",
      "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    ],
  ])("equals the published one in %s", (_, request, signer, names, signature) => {
    expect(signV4(request, signer, scope, nowMs)).toEqual({
      "x-amz-date": "20150830T123600Z",
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
      ...(signer.sessionToken && { "x-amz-security-token": sessionToken }),
    });
  });

  it("does not depend on the order of headers or on spaces around and inside their values", () => {
    const one = signV4(post({ a: "x  y ", "a-b": "z" }), key, scope, nowMs);
    const other = signV4({ ...post(), headers: { "a-b": "z", host, a: " x y" } }, key, scope, nowMs);
    expect(other).toEqual(one);
    expect(one["authorization"]).toContain("SignedHeaders=a;a-b;host;x-amz-date,");
  });

  it("covers a path with what is escaped in it escaped once more", () => {
    // As AWS's own signer for JavaScript has it.
    const path =
      "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Ax%3A%24LATEST/invocations";
    const signed = signV4(
      { path, headers: { host }, body: "{}" },
      key,
      { ...scope, service: "lambda" },
      nowMs,
    );
    expect(signed["authorization"]).toMatch(
      /Signature=9534272f71153b2147d05e1a1f0957ab06d8b3058625ce26673f474fa8eb64c2$/,
    );
  });
});
