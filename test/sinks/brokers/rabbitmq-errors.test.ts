import { IllegalOperationError } from "amqplib";
import { describe, expect, it } from "vitest";
import { rabbitMqRefusal, sizeLimit } from "../../../lib/sinks/brokers/rabbitmq-errors.ts";

const origin = "amqp://mq.example.com";
const withCode = (code: number | string, message = "no: a-secret") =>
  Object.assign(new Error(message), { code });

describe("a failure of RabbitMQ's", () => {
  it.each([
    [320, "retry", "network"],
    [402, "blocked", "unauthorized"],
    [403, "blocked", "unauthorized"],
    [404, "blocked", "not_found"],
    [406, "blocked", "rejected"],
    [506, "retry", "throttled"],
    [530, "blocked", "unauthorized"],
    [541, "retry", "server_error"],
    [599, "retry", "server_error"],
  ])("with the reply code %i is %s, %s", (code, kind, reason) => {
    const refusal = rabbitMqRefusal(withCode(code), origin);
    expect(refusal).toMatchObject({ kind, reason });
    expect(refusal?.detail).toMatch(new RegExp(`^${origin}: [a-z ,]+ \\(${code}\\)$`));
  });

  it.each([
    [new Error("Handshake terminated by server: 403 (ACCESS-REFUSED) with ..."), "blocked", "unauthorized"],
    [new Error("Expected ConnectionOpenOk; got <ConnectionClose channel:0>"), "blocked", "unauthorized"],
    [new Error("SASL mechanism PLAIN is not provided by the server"), "blocked", "unauthorized"],
    [new Error("Expected ConnectionStart; got <HEARTBEAT>"), "retry", "network"],
    [new Error("Invalid frame"), "retry", "network"],
    [new Error("connect ETIMEDOUT"), "retry", "timeout"],
    [new Error("Socket closed abruptly during opening handshake"), "retry", "network"],
    [new Error("Channel ended, no reply will be forthcoming"), "retry", "network"],
    [new Error("channel closed"), "retry", "network"],
    [new Error("Heartbeat timeout"), "retry", "network"],
    [new Error("Unexpected close"), "retry", "network"],
    [new IllegalOperationError("Channel closed"), "retry", "network"],
    [withCode("ECONNRESET"), "retry", "network"],
  ])("that the client tells as %s is %s, %s", (error, kind, reason) => {
    expect(rabbitMqRefusal(error, origin)).toMatchObject({ kind, reason });
    expect(rabbitMqRefusal(error, origin)?.detail).not.toContain("a-secret");
  });

  it.each([new TypeError("x is not a function"), new Error("?"), "text", null])(
    "is none where %s was thrown",
    (thrown) => expect(rabbitMqRefusal(thrown, origin)).toBeNull(),
  );
});

describe("the size limit that RabbitMQ names", () => {
  it.each([
    ["PRECONDITION_FAILED - message size 150 is larger than configured max size 100", 100],
    ["PRECONDITION_FAILED - message size 150 is larger than max size 100", 100],
    ["PRECONDITION_FAILED - invalid expiration '?'", null],
  ])("in %j is %s", (message, limit) => expect(sizeLimit(withCode(406, message))).toBe(limit));

  it("is nothing in another refusal", () => {
    expect(sizeLimit(withCode(403, "larger than max size 1"))).toBeNull();
    expect(sizeLimit(null)).toBeNull();
  });
});
