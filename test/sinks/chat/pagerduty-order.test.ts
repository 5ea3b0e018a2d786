import { expect, it } from "vitest";
import { alertOrder } from "../../../lib/sinks/chat/pagerduty-order.ts";
import { running, stillClock } from "../sample.ts";

it("remembers the ten thousand alerts that were last told of", async () => {
  const inOrder = alertOrder<string>(stillClock);
  const { signal } = running();
  const tell = (key: string, order: string) =>
    inOrder({ key, action: "trigger", order }, async () => "sent", signal);
  for (let number = 0; number <= 10_000; number += 1) await tell(`alert ${number}`, "2");
  expect(await tell("alert 10000", "1")).toBeNull();
  expect(await tell("alert 1", "1")).toBeNull();
  expect(await tell("alert 0", "1")).toBe("sent");
});
