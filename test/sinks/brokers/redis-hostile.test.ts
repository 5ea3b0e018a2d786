import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import * as redisSink from "../../../lib/sinks/redis.ts";
import { brokerContract, networkRetry as retry } from "../../contract/broker.ts";
import { freezingAt, frozenContract } from "../../contract/frozen.ts";
import type { Manner } from "../../contract/hostile-servers.ts";
import { type Redis, startRedis } from "../../services/redis.ts";
import { running, sampleEvents, sinkOf } from "../sample.ts";

let redis: Redis;
beforeAll(async () => {
  redis = await startRedis("--user", "bridge", "on", ">secret", "~*", "+@all");
});
afterAll(() => redis.stop());

/** Answers each command so. */
const answering =
  (answer: string): Manner =>
  (socket) =>
    void socket.on("data", () => socket.write(answer));

brokerContract("redis", {
  sink: ({ host, timeoutMs, isSigned, ca }) =>
    sinkOf(redisSink, {
      url: `${ca === null ? "redis" : "rediss"}://${host}`,
      stream: "tasks",
      timeout: `${timeoutMs}ms`,
      ...(isSigned && { user: "bridge", password: "secret" }),
      ...(ca !== null && { tls: { ca } }),
    }),
  real: () => redis.host,
  absurd: Object.fromEntries(
    [
      "+OK\r\n",
      "$2\r\nOK\r\n",
      ":1\r\n",
      ":99999999999999999999999999\r\n",
      "$-1\r\n",
      "$-2\r\n",
      "$999999999999\r\n",
      "$99999999999999999999\r\nx",
      "$x\r\n",
      "*-1\r\n",
      "*-2\r\n",
      "*0\r\n",
      "*2147483647\r\n",
      `${"*1\r\n".repeat(4_000)}`,
      "%1\r\n+a\r\n+b\r\n",
      "_\r\n",
      "-\r\n",
      "- \r\n",
      "+\r\n",
      "+added 1\r\n",
    ].map((answer) => [
      `the answer ${JSON.stringify(answer.slice(0, 40))}`,
      { manner: answering(answer), result: answer.startsWith("-") ? { kind: "blocked" } : retry },
    ]),
  ),
});

it("the redis sink tells that a password is wanted, of however many events", async () => {
  const guarded = await startRedis("--requirepass", "secret");
  onTestFinished(() => guarded.stop());
  const options = { url: `redis://${guarded.host}`, stream: "tasks" };
  const sink = sinkOf(redisSink, options);
  onTestFinished(() => sink.close());
  const wanted = {
    kind: "blocked",
    reason: "unauthorized",
    detail: `redis://${guarded.host}: Redis answers NOAUTH: it asks for a password`,
  };
  expect(await sink.deliver(sampleEvents(100), running())).toEqual(Array(100).fill(wanted));
});

const addsEvents = (words: Buffer): boolean => words.includes("XADD") || words.includes("EVALSHA");
frozenContract("redis after a publish", {
  manner: freezingAt(() => redis.host, addsEvents),
  asks: addsEvents,
  options: (host) => ({ type: "redis", url: `redis://${host}`, stream: "tasks" }),
});
