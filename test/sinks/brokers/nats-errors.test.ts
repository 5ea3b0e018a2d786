import { JetStreamApiError } from "@nats-io/jetstream";
import {
  ClosedConnectionError,
  ConnectionError,
  errors,
  NoRespondersError,
  RequestError,
  TimeoutError,
} from "@nats-io/transport-node";
import { describe, expect, it } from "vitest";
import { natsRefusal } from "../../../lib/sinks/brokers/nats-errors.ts";

const origin = "nats server:4222";
const apiError = (err_code: number, code: number) =>
  new JetStreamApiError({ code, err_code, description: "a text" });
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
    ["another protocol", new Error("unexpected response from server"), "retry", "server_error"],
    ["a time-out", new TimeoutError(), "retry", "timeout"],
    ["a closed connection", new ClosedConnectionError(), "retry", "network"],
    ["a closed request", new RequestError("connection closed"), "retry", "network"],
    [
      "a refused connection",
      new ConnectionError("connection refused", { cause: refused }),
      "retry",
      "network",
    ],
    ["a full stream", apiError(10_077, 503), "retry", "server_error"],
    ["a repeat that is still stored", apiError(10_158, 409), "retry", "server_error"],
    ["a message larger than the stream's limit", apiError(10_054, 400), "permanent", "too_large"],
  ])("%s comes to a result", (_, error, kind, reason) => {
    const refusal = natsRefusal(error, origin);
    expect(refusal).toMatchObject({ kind, reason });
    expect(refusal?.detail).toMatch(/^nats server:4222: /);
  });

  it.each([new TypeError("a defect"), new Error("another"), "no error"])("is none: %s", (error) => {
    expect(natsRefusal(error, origin)).toBeNull();
  });
});
