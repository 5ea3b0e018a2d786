import { describe, expect, it, onTestFinished } from "vitest";
import { warmDelivering } from "../../lib/serverless/delivering.ts";
import { functionDeps } from "../../lib/serverless/environment.ts";
import { startReceiver } from "../../lib/simulator/receiver.ts";
import { accessKey } from "../aws/sample.ts";
import { folderWith, issuesOf, written } from "../config/sample.ts";
import { serve } from "../harness/http.ts";
import { sampleEvent } from "../sinks/sample.ts";
import { record } from "./sqs-event.ts";

/** A container of a sink with a rate, between a queue that takes everything and a webhook. */
async function container(rate: object, containers?: string) {
  const [receiver, aws] = await Promise.all([startReceiver({}), serve({ body: {} })]);
  const ops = { type: "webhook", url: receiver.url, allowPrivateNetwork: true, rate };
  const folder = await folderWith({ "bridge.config.json": JSON.stringify(written({ sinks: { ops } })) });
  const environment = {
    ...accessKey,
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL: aws.origin,
    BRIDGE_QUEUE: "https://sqs.eu-west-1.amazonaws.com/123456789012/ops",
    BRIDGE_DEAD_LETTER_QUEUE: "https://sqs.eu-west-1.amazonaws.com/123456789012/ops-dead",
    ...(containers !== undefined && { BRIDGE_CONTAINERS: containers }),
  };
  const warm = warmDelivering(functionDeps(environment, folder, () => {}));
  onTestFinished(() => receiver.close());
  const { signal } = new AbortController();
  return {
    warm,
    receiver,
    async deliver(from: number, count: number) {
      const batch = Array.from({ length: count }, (_, index) =>
        record(JSON.stringify(sampleEvent(from + index)), {
          messageId: `m${from + index}`,
          sentMs: Date.now(),
        }),
      );
      const time = { stopAtMs: Date.now() + 5_000, sending: signal, settling: signal };
      return (await warm.current()).deliver(batch, time);
    },
  };
}

describe("a fleet's delivering", () => {
  it("keeps to its sink's rate from batch to batch, for as long as its container lives", async () => {
    const { receiver, deliver, warm } = await container({ events: 3, per: "1h" });
    expect((await deliver(0, 2)).accepted).toBe(2);
    expect((await deliver(2, 5)).accepted).toBe(1);
    expect((await deliver(7, 5)).failed).toHaveLength(5);
    expect(receiver.deliveries).toHaveLength(3);
    await (await warm.current()).close();
  });

  it.each([
    [6, "2", 3],
    [2, "5", 1],
  ])("divides %i events among %s containers", async (events, containers, mine) => {
    const { deliver, warm } = await container({ events, per: "1h" }, containers);
    expect((await deliver(0, 10)).accepted).toBe(mine);
    await (await warm.current()).close();
  });

  it("refuses a number of containers that is none", async () => {
    const { warm } = await container({ events: 1, per: "1m" }, "0");
    expect(await issuesOf(warm.current())).toMatchObject([{ field: "BRIDGE_CONTAINERS", found: "0" }]);
  });
});
