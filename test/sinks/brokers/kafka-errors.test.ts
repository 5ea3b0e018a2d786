import {
  AuthenticationError,
  MultipleErrors,
  NetworkError,
  ProtocolError,
  ResponseError,
  TimeoutError,
  UnsupportedApiError,
  UserError,
} from "@platformatic/kafka";
import { describe, expect, it } from "vitest";
import { kafkaRefusal, partitionOutcomes, requestRefusal } from "../../../lib/sinks/brokers/kafka-errors.ts";

const origin = "kafka broker:9092";

describe("an error of Kafka's", () => {
  it.each([
    ["NOT_ENOUGH_REPLICAS", "retry", "server_error"],
    ["NOT_LEADER_OR_FOLLOWER", "retry", "server_error"],
    ["KAFKA_STORAGE_ERROR", "retry", "server_error"],
    ["REQUEST_TIMED_OUT", "retry", "timeout"],
    ["THROTTLING_QUOTA_EXCEEDED", "retry", "throttled"],
    ["TOPIC_AUTHORIZATION_FAILED", "blocked", "unauthorized"],
    ["UNKNOWN_TOPIC_OR_PARTITION", "blocked", "unroutable"],
    ["MESSAGE_TOO_LARGE", "permanent", "too_large"],
    ["INVALID_RECORD", "permanent", "rejected"],
    ["AN_ERROR_OF_LATER_YEARS", "retry", "server_error"],
  ])("%s comes to %s, %s", (id, kind, reason) => {
    const detail = expect.stringMatching(new RegExp(`^${origin}: ${id}(, [a-z ]+)?$`));
    expect(kafkaRefusal(id, origin)).toEqual({ kind, reason, detail });
  });
});

describe("a request to Kafka that failed", () => {
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  const login = new NetworkError("Connection failed.", {
    cause: new AuthenticationError("SASL authentication failed.", {
      cause: new ProtocolError("SASL_AUTHENTICATION_FAILED"),
    }),
  });

  it.each([
    ["a refused connection", new NetworkError("Connection failed.", { cause: refused }), "retry", "network"],
    ["a connection that ended", new NetworkError("Connection closed"), "retry", "network"],
    ["a time-out", new TimeoutError("Request timed out."), "retry", "timeout"],
    ["TLS that was left out", new UserError("Broker requires TLS."), "retry", "network"],
    ["a broker that is too old", new UnsupportedApiError("Unsupported API Produce."), "blocked", "rejected"],
    [
      "another protocol",
      Object.assign(new Error("Out of bounds."), { code: "PLT_KFK_OUT_OF_BOUNDS" }),
      "retry",
      "server_error",
    ],
    ["a topic that is not there", new UserError("Unknown topic tasks."), "blocked", "unroutable"],
  ])("by %s comes to a result", (_, error, kind, reason) => {
    const refusal = requestRefusal(new MultipleErrors("failed 3 times.", [error]), origin);
    expect(refusal).toMatchObject({ kind, reason });
    expect(refusal?.detail).toMatch(/^kafka broker:9092: /);
  });

  it("is told by what an operator must mend, where brokers fail in different ways", () => {
    const both = new MultipleErrors("Cannot connect to any broker.", [
      new NetworkError("Connection failed.", { cause: refused }),
      login,
    ]);
    expect(requestRefusal(both, origin)).toMatchObject({ kind: "blocked", reason: "unauthorized" });
  });

  it.each([new TypeError("a defect"), new UserError("/options is wrong."), "no error"])(
    "is a defect where Kafka has no part in it: %s",
    (error) => {
      expect(requestRefusal(error, origin)).toBeNull();
    },
  );
});

describe("the partitions of a failed request", () => {
  const answer = (codes: readonly number[]) =>
    new ResponseError(
      0,
      11,
      Object.fromEntries(
        codes.flatMap((code, index) => (code === 0 ? [] : [[`/partitions/${index}`, [code, null] as const]])),
      ) as Record<string, [number, null]>,
      {
        responses: [
          { name: "tasks", partitionResponses: codes.map((errorCode, index) => ({ index, errorCode })) },
        ],
      },
    );

  it("are those that the answer names, taken or refused", () => {
    const error = new MultipleErrors("Producing messages failed.", [answer([0, 10, 19])]);
    expect([...partitionOutcomes(error, "tasks")]).toEqual([
      [0, null],
      [1, "MESSAGE_TOO_LARGE"],
      [2, "NOT_ENOUGH_REPLICAS"],
    ]);
  });

  it("are taken where another broker has taken them", () => {
    const error = new MultipleErrors("Producing messages failed.", [new NetworkError("Connection closed")]);
    const produced = { offsets: [{ topic: "tasks", partition: 4, offset: 7n }] };
    expect([...partitionOutcomes(Object.assign(error, { produced }), "tasks")]).toEqual([[4, null]]);
  });

  it("are none where the answer names another topic", () => {
    const produced = { offsets: [{ topic: "others", partition: 4, offset: 7n }] };
    const error = Object.assign(new MultipleErrors("Producing messages failed.", [answer([0])]), {
      produced,
    });
    expect([...partitionOutcomes(error, "mine")]).toEqual([]);
  });

  it("stay taken when the client's next attempt fails", () => {
    const error = new MultipleErrors("produce failed 2 times.", [answer([0, 19]), answer([45, 10])]);
    expect([...partitionOutcomes(error, "tasks")]).toEqual([
      [0, null],
      [1, "MESSAGE_TOO_LARGE"],
    ]);
  });
});
