import { describe, expect, it } from "vitest";
import { type ErrorResponse, responseError } from "../../lib/source/error-response.ts";
import { networkSourceError } from "../../lib/source/network-errors.ts";

const refusal = (over: Partial<ErrorResponse>): ErrorResponse => ({
  operation: "ListBackgroundTasks",
  status: 500,
  requestId: null,
  body: {},
  retryAfterMs: null,
  clockSkewMs: null,
  secrets: [],
  ...over,
});

describe("an error body", () => {
  it.each([
    [{ error_code: "DMS.1", error_msg: "why" }, "DMS.1 why"],
    [{ error_code: "APIGW.0201", error_msg: "why", request_id: "r" }, "APIGW.0201 why"],
    [{ error: { code: 400, message: "why" } }, "400 why"],
    [{ code: "X.1", message: "why" }, "X.1 why"],
    [{ errorCode: "X.1", errorMsg: "why", encoded_authorization_message: "e" }, "X.1 why"],
    [{ error_msg: "two\n\tlines\u0000" }, "two lines"],
    [undefined, "with a body that is not JSON"],
  ])("%j is told as %j", (body, told) => {
    expect(responseError(refusal({ body })).message).toBe(`ListBackgroundTasks: HTTP 500 ${told}`);
  });

  it.each([[null], [[]], ["text"], [7], [{ error: null, error_code: {}, error_msg: [] }]])(
    "%j tells nothing",
    (body) => {
      const error = responseError(refusal({ body }));
      expect(error.message).toBe("ListBackgroundTasks: HTTP 500");
      expect(error.api).toEqual({ status: 500, code: null });
    },
  );

  it("is cut to a length that fits a log line", () => {
    const message = responseError(refusal({ body: { error_msg: "x".repeat(10_000) } })).message;
    expect(message.length).toBeLessThan(300);
  });
});

it("every status from 300 to 599 has one reason", () => {
  const reasons = new Map<string, number[]>();
  for (let status = 300; status < 600; status++) {
    const { reason } = responseError(refusal({ status }));
    reasons.set(reason, [...(reasons.get(reason) ?? []), status]);
  }
  expect(reasons.get("unauthorized")).toEqual([401]);
  expect(reasons.get("forbidden")).toEqual([403]);
  expect(reasons.get("not_found")).toEqual([404]);
  expect(reasons.get("throttled")).toEqual([429]);
  expect(reasons.get("unavailable")).toEqual([
    408,
    ...Array.from({ length: 100 }, (_, index) => 500 + index),
  ]);
  expect(reasons.get("rejected")).toHaveLength(195);
});

describe("a failure without an answer", () => {
  const failed = (code: unknown) => Object.assign(new Error("connect 10.0.0.1"), { code });

  it.each([
    ["ECONNREFUSED", "unavailable"],
    ["ENOTFOUND", "unavailable"],
    ["EAI_AGAIN", "unavailable"],
    ["EAI_FAIL", "unavailable"],
    ["UND_ERR_SOCKET", "unavailable"],
    ["UND_ERR_CONNECT_TIMEOUT", "unavailable"],
    ["UND_ERR_HEADERS_OVERFLOW", "malformed"],
    ["CERT_HAS_EXPIRED", "rejected"],
    ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "rejected"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "rejected"],
    ["ERR_TLS_HANDSHAKE_TIMEOUT", "rejected"],
    ["INVALID_PURPOSE", "rejected"],
    ["CERT_SIGNATURE_FAILURE", "rejected"],
    ["UNSPECIFIED", "rejected"],
    ["EINVAL", "unavailable"],
    ["EMFILE", "unavailable"],
    ["ENOBUFS", "unavailable"],
    ["EACCES", "unavailable"],
    ["EPERM", "unavailable"],
    ["EAFNOSUPPORT", "unavailable"],
    ["EAI_MEMORY", "unavailable"],
    ["EBADNAME", "unavailable"],
    ["UND_ERR_PRX_TLS", "unavailable"],
    ["ERR_STREAM_PREMATURE_CLOSE", "unavailable"],
    ["UND_ERR_INVALID_ARG", "rejected"],
    ["ERR_INVALID_CHAR", "rejected"],
  ])("with code %s is %s", (code, reason) => {
    expect(networkSourceError("ListInstances", failed(code))).toMatchObject({ reason, api: null });
  });

  it("says what to check of a name that is not known", () => {
    expect(networkSourceError("ListInstances", failed("ENOTFOUND"))?.message).toBe(
      "ListInstances: the host's name is not known (ENOTFOUND); check region and endpoint",
    );
  });

  it("of several addresses has the first one's code", () => {
    const error = new AggregateError([new Error("no code"), failed("EMFILE")]);
    expect(networkSourceError("ListInstances", error)?.message).toContain("(EMFILE)");
  });

  it("says what to check of a request that cannot be made", () => {
    expect(networkSourceError("ListInstances", failed("UND_ERR_INVALID_ARG"))?.message).toMatch(
      /credentials$/,
    );
  });

  it.each([failed("toString"), failed(7), new TypeError("x"), "text", null])(
    "that no network causes is a defect: %s",
    (error) => {
      expect(networkSourceError("ListInstances", error)).toBeNull();
    },
  );
});

describe("a refused signature", () => {
  const told = (status: number, clockSkewMs: number | null): string =>
    responseError(refusal({ status, clockSkewMs })).message;

  it.each([
    [16 * 60_000, "16 minutes behind the API's"],
    [-3_600_000, "60 minutes ahead of the API's"],
    [14 * 60_000, "14 minutes behind the API's"],
  ])("with clocks %i ms apart names the clock", (skewMs, words) => {
    expect(told(401, skewMs)).toContain(words);
  });

  it("does not name a clock that is right, or not known, or has no part in it", () => {
    for (const [status, skewMs] of [
      [401, 13 * 60_000],
      [401, null],
      [403, 3_600_000],
    ] as const)
      expect(told(status, skewMs)).not.toContain("clock");
  });
});
