import {
  ClosedConnectionError,
  ConnectionError,
  errors,
  NoRespondersError,
  RequestError,
  TimeoutError,
} from "@nats-io/nats-core";
import { describe, expect, it } from "vitest";
import { natsRefusal, publishResult } from "../../../lib/sinks/brokers/nats-errors.ts";
import { NotNats } from "../../../lib/sinks/brokers/nats-transport.ts";

const origin = "nats server:4222";
const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });

describe("a failure of NATS", () => {
  it.each([
    [
      "no responder",
      new RequestError("", { cause: new NoRespondersError("dms.x") }),
      "blocked",
      "unroutable",
    ],
    [
      "a login refused",
      new errors.AuthorizationError("'Authorization Violation'"),
      "blocked",
      "unauthorized",
    ],
    ["credentials that are none", new Error("unable to parse credentials"), "blocked", "unauthorized"],
    ["a login expired", new errors.UserAuthenticationExpiredError("x"), "blocked", "unauthorized"],
    [
      "a subject forbidden",
      new RequestError("x", { cause: new errors.PermissionViolationError("x", "publish", "dms.x") }),
      "blocked",
      "unauthorized",
    ],
    ["another protocol", new NotNats("no greeting"), "retry", "server_error"],
    [
      "no right to the inbox",
      new RequestError("x", {
        cause: new errors.PermissionViolationError("x", "subscription", "_INBOX.x.*"),
      }),
      "blocked",
      "unauthorized",
    ],
    ["a time-out", new TimeoutError(), "retry", "timeout"],
    ["a closed connection", new ClosedConnectionError(), "retry", "network"],
    ["a closed request", new RequestError("connection closed"), "retry", "network"],
    [
      "a refused connection",
      new ConnectionError("connection refused", { cause: refused }),
      "retry",
      "network",
    ],
  ])("%s comes to a result", (_, error, kind, reason) => {
    const refusal = natsRefusal(error, origin);
    expect(refusal).toMatchObject({ kind, reason });
    expect(refusal?.detail).toMatch(/^nats server:4222: /);
  });

  it.each([new TypeError("a defect"), new Error("another"), "no error"])("is none: %s", (error) => {
    expect(natsRefusal(error, origin)).toBeNull();
  });
});

describe("the answer to a published event", () => {
  it.each([
    ["an acknowledgement", { stream: "s", seq: 1 }],
    ["that of a repeat", { stream: "s", seq: 1, duplicate: true }],
    ["that of a domain", { stream: "s", seq: 9, domain: "hub" }],
  ])("is acceptance: %s", (_, answer) => {
    expect(publishResult(JSON.stringify(answer), origin)).toEqual({ kind: "accepted" });
  });

  it.each([
    ["a full stream", 10_077, "maximum messages exceeded", "retry", "throttled"],
    ["a stream full of bytes", 10_077, "maximum bytes exceeded", "retry", "throttled"],
    ["a store that fails", 10_077, "no space left on device", "retry", "server_error"],
    ["a repeat that is still stored", 10_158, "a text", "retry", "server_error"],
    ["a server without room", 10_023, "insufficient resources", "retry", "throttled"],
    ["a sealed stream", 10_109, "invalid operation on sealed stream", "blocked", "rejected"],
    ["a message larger than the stream's limit", 10_054, "a text", "permanent", "too_large"],
  ])("comes to a result: %s", (_, err_code, description, kind, reason) => {
    const answer = JSON.stringify({ stream: "s", seq: 0, error: { code: 503, err_code, description } });
    const detail = expect.stringMatching(`^nats server:4222: .*JetStream error ${err_code}\\)$`);
    expect(publishResult(answer, origin)).toEqual({ kind, reason, detail });
  });
});
