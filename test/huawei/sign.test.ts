import { AKSKSigner } from "@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js";
import { BasicCredentials } from "@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalRequest,
  encodePath,
  parseAuthorization,
  percentEncode,
  type SdkHmacRequest,
  sign,
  signatureOf,
} from "../../lib/huawei/sign.ts";
import { basicTime } from "../../lib/text/basic-time.ts";
import vectors from "../fixtures/signing-vectors.json" with { type: "json" };

const { accessKey: ak, secretKey: sk, securityToken } = vectors.credentials;
const dateMs = Date.parse("2024-08-07T12:00:00.987Z");

type Vector = (typeof vectors.vectors)[number];

function requestOf(vector: Vector): SdkHmacRequest {
  const query = Object.entries<string | number | string[]>(vector.query).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, String(one)] as const),
  );
  return { method: vector.method, path: vector.path, query, headers: headersOf(vector), body: vector.body };
}

const headersOf = (vector: Vector): Record<string, string> =>
  Object.fromEntries(Object.entries(vector.headers).map(([name, value]) => [name, String(value)]));

describe.each(vectors.vectors)("vector $name", (vector) => {
  const request = requestOf(vector);
  const names = Object.keys(request.headers)
    .map((name) => name.toLowerCase())
    .sort();

  it("has the canonical request and the signature of the reference", () => {
    expect(canonicalRequest(request, names)).toBe(vector.canonicalRequest);
    expect(signatureOf(request, sk, vectors.date, names)).toBe(vector.signature);
  });

  it("is signed with the reference's Authorization", () => {
    const ours = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !/^x-(sdk-date|security-token)$/i.test(name)),
    );
    const hasToken = Object.keys(request.headers).some((name) => name.toLowerCase() === "x-security-token");
    const key = hasToken ? { ak, sk, securityToken } : { ak, sk };
    expect(sign({ ...request, headers: ours }, key, dateMs)).toEqual({
      "x-sdk-date": vectors.date,
      ...(hasToken ? { "x-security-token": securityToken } : {}),
      authorization: vector.authorization,
    });
  });

  it("goes over the wire in the reference's escaping", () => {
    expect(`https://${vector.host}${encodePath(vector.path)}`).toBe(vector.url.split("?")[0]);
  });
});

// Where the official signers agree with each other: plain paths, plain header values.
const plain = fc.stringMatching(/^[A-Za-z0-9._~-]{1,12}$/);
const plainRequest = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE"),
  path: fc.array(plain, { minLength: 1, maxLength: 6 }).map((segments) => `/${segments.join("/")}`),
  query: fc.dictionary(fc.string({ unit: "grapheme", minLength: 1 }), fc.string({ unit: "grapheme" }), {
    noNullPrototype: true,
    maxKeys: 5,
  }),
  headers: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,8}$/), plain, { noNullPrototype: true }),
  data: fc.option(fc.dictionary(plain, fc.string({ unit: "grapheme" }), { noNullPrototype: true }), {
    nil: undefined,
  }),
});

describe("beside the official SDK's signer", () => {
  const official = new BasicCredentials().withAk(ak).withSk(sk);

  it("signs every plain request the same", () => {
    fc.assert(
      fc.property(plainRequest, ({ method, path, query, headers, data }) => {
        const theirs: Record<string, string> = {
          ...AKSKSigner.sign(
            {
              method,
              endpoint: `https://dms.example${path}`,
              queryParams: { ...query },
              headers: { "content-type": "application/json", ...headers, "X-Sdk-Date": vectors.date },
              data,
            },
            official,
          ),
        };
        const ours = sign(
          {
            method,
            path,
            query: Object.entries(query),
            headers: { host: "dms.example", "content-type": "application/json", ...headers },
            body: data === undefined ? "" : JSON.stringify(data),
          },
          { ak, sk },
          dateMs,
        );
        expect(ours["authorization"]).toBe(theirs["Authorization"]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("verifying", () => {
  it("finds in a signed request what is needed to check it", () => {
    const request: SdkHmacRequest = {
      method: "GET",
      path: "/v2/p/instances/i/tasks",
      query: [["start", "1"]],
      headers: { Host: "h", "X-Project-Id": "p" },
      body: "",
    };
    const added = sign(request, { ak, sk }, dateMs);
    const parsed = parseAuthorization(added["authorization"] ?? "");
    expect(parsed?.ak).toBe(ak);
    expect(parsed?.signedNames).toEqual(["host", "x-project-id", "x-sdk-date"]);
    const received = { ...request, headers: { ...request.headers, ...added } };
    const recomputed = signatureOf(received, sk, basicTime(dateMs), parsed?.signedNames ?? []);
    expect(recomputed).toBe(parsed?.signature);
    const forged = { ...received, query: [["start", "2"]] as const };
    expect(signatureOf(forged, sk, basicTime(dateMs), parsed?.signedNames ?? [])).not.toBe(parsed?.signature);
  });

  it.each(["", "Bearer x", "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=zz"])(
    "takes %j for no signature of this kind",
    (header) => {
      expect(parseAuthorization(header)).toBeNull();
    },
  );
});

it("covers the stated body hash in place of the body's own", () => {
  const request = {
    method: "POST",
    path: "/",
    query: [],
    headers: { "X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD" },
    body: "x",
  };
  expect(canonicalRequest(request, []).endsWith("\nUNSIGNED-PAYLOAD")).toBe(true);
});

it("escapes half a surrogate pair as the replacement character", () => {
  expect(percentEncode("\ud800!")).toBe("%EF%BF%BD%21");
});

it("lets no segment of a path lead elsewhere, on the wire as in the signature", () => {
  const path = ["", "v2", "p", "instances", "a/b", "..", ".", "tasks?x#y", "%2e"];
  expect(encodePath(path)).toBe("/v2/p/instances/a%2Fb/%2E%2E/%2E/tasks%3Fx%23y/%252e");
  const request = { method: "GET", path, query: [], headers: { host: "h" }, body: "" };
  expect(canonicalRequest(request, ["host"]).split("\n")[1]).toBe(`${encodePath(path)}/`);
});
