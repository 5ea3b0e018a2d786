import {
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  ErrorReply,
  SocketClosedUnexpectedlyError,
} from "@redis/client";
import { describe, expect, it } from "vitest";
import { redisRefusal } from "../../../lib/sinks/brokers/redis-errors.ts";

const origin = "redis://h:6379";

describe("an error of Redis's", () => {
  it.each([
    ["NOAUTH Authentication required.", "blocked", "unauthorized"],
    ["DENIED Redis is running in protected mode", "blocked", "unauthorized"],
    ["WRONGPASS invalid username-password pair or user is disabled.", "blocked", "unauthorized"],
    ["NOPERM this user has no permissions to run the 'eval' command", "blocked", "unauthorized"],
    ["ERR invalid password", "blocked", "unauthorized"],
    ["ERR Client sent AUTH, but no password is set", "blocked", "unauthorized"],
    ["ERR AUTH <password> called without any password configured", "blocked", "unauthorized"],
    ["ERR Protocol error: unauthenticated multibulk length", "blocked", "unauthorized"],
    ["MOVED 3999 127.0.0.1:6381", "blocked", "redirected"],
    ["ASK 3999 127.0.0.1:6381", "blocked", "redirected"],
    ["CROSSSLOT Keys in request don't hash to the same slot", "blocked", "redirected"],
    ["WRONGTYPE Operation against a key holding the wrong kind of value", "blocked", "rejected"],
    ["ERR unknown command 'EVAL'", "blocked", "rejected"],
    ["?", "blocked", "rejected"],
    ["ERR Protocol error: invalid bulk length", "permanent", "too_large"],
    ["ERR max number of clients reached", "retry", "throttled"],
    ["OOM command not allowed when used memory > 'maxmemory'.", "retry", "throttled"],
    ["BUSY Redis is busy running a script.", "retry", "server_error"],
    ["CLUSTERDOWN Hash slot not served", "retry", "server_error"],
    ["LOADING Redis is loading the dataset in memory", "retry", "server_error"],
    ["MASTERDOWN Link with MASTER is down", "retry", "server_error"],
    ["MISCONF Redis is configured to save RDB snapshots", "retry", "server_error"],
    ["NOREPLICAS Not enough good replicas to write.", "retry", "server_error"],
    ["READONLY You can't write against a read only replica.", "retry", "server_error"],
    ["TRYAGAIN Multiple keys request during rehashing of slot", "retry", "server_error"],
  ])("%j is %s, %s, and shows no more than its first word", (message, kind, reason) => {
    const refusal = redisRefusal(new ErrorReply(`${message} a-secret`), origin);
    expect(refusal).toMatchObject({ kind, reason });
    expect(refusal?.detail).toMatch(/^redis:\/\/h:6379: Redis answers ([A-Z]+|an error)(: [a-z ,]+)?$/);
  });
});

describe("a failure of the connection to Redis", () => {
  it.each([
    [new ConnectionTimeoutError(), "timeout"],
    [new ClientClosedError(), "network"],
    [new ClientOfflineError(), "network"],
    [new DisconnectsClientError(), "network"],
    [new SocketClosedUnexpectedlyError(), "network"],
    [Object.assign(new Error("read"), { code: "ECONNRESET" }), "network"],
  ])("%o is tried again: %s", (error, reason) => {
    expect(redisRefusal(error, origin)).toMatchObject({ kind: "retry", reason });
  });

  it.each([new TypeError("x is not a function"), new Error("?"), "text", null])(
    "is none where %s was thrown",
    (thrown) => expect(redisRefusal(thrown, origin)).toBeNull(),
  );
});
