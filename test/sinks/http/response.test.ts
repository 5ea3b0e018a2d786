import { describe, expect, it } from "vitest";
import type { DeliveryResult } from "../../../lib/core/result.ts";
import { type SinkResponse, statusResult } from "../../../lib/sinks/http/response.ts";
import { nowMs } from "../sample.ts";

const origin = "https://hooks.example.com";

const result = (status: number, answer: Partial<SinkResponse> = {}): DeliveryResult =>
  statusResult(
    { kind: "response", status, retryAfter: null, body: "", cut: null, ...answer },
    { origin, secrets: ["/services/T1/B1"], nowMs },
  );

const outcome = (status: number): string => {
  const given = result(status);
  return given.kind === "accepted" ? "accepted" : `${given.kind} ${given.reason}`;
};

const special: Readonly<Record<number, string>> = {
  401: "blocked unauthorized",
  403: "blocked unauthorized",
  404: "blocked not_found",
  407: "blocked unauthorized",
  408: "retry timeout",
  410: "blocked gone",
  413: "permanent too_large",
  425: "retry throttled",
  429: "retry throttled",
};
const byHundred = [
  "retry server_error",
  "accepted",
  "blocked redirected",
  "permanent rejected",
  "retry server_error",
];

describe("an answer's result", () => {
  it("is the contract's for every status from 100 to 599", () => {
    const statuses = Array.from({ length: 500 }, (_, index) => index + 100);
    expect(statuses.map((status) => [status, outcome(status)])).toEqual(
      statuses.map((status) => [status, special[status] ?? byHundred[Math.floor(status / 100) - 1]]),
    );
  });

  it("is retry for a status that HTTP does not have", () => {
    expect([0, 99, 600, 999].map(outcome)).toEqual(Array(4).fill("retry server_error"));
  });

  it("carries Retry-After with every retry, and with nothing else", () => {
    for (const status of [408, 425, 429, 500, 503]) {
      expect(result(status, { retryAfter: "7" })).toMatchObject({ kind: "retry", retryAfterMs: 7_000 });
    }
    expect(result(404, { retryAfter: "7" })).not.toHaveProperty("retryAfterMs");
    expect(result(503, { retryAfter: "soon" })).not.toHaveProperty("retryAfterMs");
  });

  it("says status, origin and the receiver's short message", () => {
    expect(result(400, { body: '{"error":{"message":"no such field"}}' })).toMatchObject({
      detail: "HTTP 400 from https://hooks.example.com: no such field",
    });
    expect(result(500)).toMatchObject({ detail: "HTTP 500 from https://hooks.example.com" });
  });

  it("masks what it is told to be secret", () => {
    expect(result(404, { body: "no hook at /services/T1/B1" })).toMatchObject({
      detail: "HTTP 404 from https://hooks.example.com: no hook at ***",
    });
  });
});
