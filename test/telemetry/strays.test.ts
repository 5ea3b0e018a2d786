import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { catchStrays } from "../../lib/telemetry/strays.ts";

function setUp() {
  const host = new EventEmitter();
  const logged: object[] = [];
  const strays = catchStrays(host, (level, message, fields) => logged.push({ level, message, ...fields }));
  return { host, strays, logged };
}

const from = (file: string): Error =>
  Object.assign(new Error("boom"), {
    stack: `Error: boom\n    at emit (node:events:1)\n    at x (${file}:1:1)`,
  });

it.each([
  ["/app/lib/sinks/kafka.ts", "kafka"],
  ["/app/node_modules/@platformatic/kafka/dist/index.js", "@platformatic/kafka"],
  ["/app/node_modules/mqtt/build/client.js", "mqtt"],
  ["/var/task/parts/poll/nats.mjs", "poll"],
  ["/app/lib/run/run-stream.ts", null],
])("names the part that an error of %s came from", (file, part) => {
  const { host, logged } = setUp();
  host.emit("uncaughtException", from(file));
  expect(logged[0]).toEqual({
    level: "error",
    message: "an error that no part caught",
    part,
    error: "Error",
  });
});

it("tells each kind once, and counts all until it is asked", () => {
  const { host, strays, logged } = setUp();
  for (let count = 0; count < 3; count += 1) host.emit("unhandledRejection", from("/app/lib/sinks/kafka.ts"));
  host.emit("uncaughtException", "a text");
  expect(logged.filter((line) => "level" in line && line.level === "error")).toHaveLength(2);
  expect([strays.take(), strays.take()]).toEqual([4, 0]);
});

it("takes the place of listeners that end the process", () => {
  const host = new EventEmitter();
  host.on("uncaughtException", () => {
    throw new Error("the process ends");
  });
  catchStrays(host, () => {});
  expect(() => host.emit("uncaughtException", new Error("x"))).not.toThrow();
});
