import { startFauxqs } from "fauxqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CloudEvent } from "../../../lib/change/event.ts";
import { sinkAt } from "../../contract/service.ts";
import { running, sampleEvent, sampleEvents } from "../sample.ts";
import { type AwsService, snsService, sqsService } from "./services.ts";

// An emulator that others wrote, for what ours may have wrong.
let server: Awaited<ReturnType<typeof startFauxqs>>;
const queueUrls = new Map<string, string>();
beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false, defaultRegion: "eu-west-1" });
  for (const suffix of ["", ".fifo"]) {
    const attributes: Record<string, string> = suffix ? { FifoQueue: "true" } : {};
    queueUrls.set(suffix, server.createQueue(`tasks${suffix}`, { attributes }).queueUrl);
    server.createQueue(`subscribed${suffix}`, { attributes });
    server.createTopic(`topic${suffix}`, { attributes: suffix ? { FifoTopic: "true" } : {} });
    server.subscribe({
      topic: `topic${suffix}`,
      queue: `subscribed${suffix}`,
      attributes: { RawMessageDelivery: "true", FilterPolicy: '{"status":["SUCCESS"]}' },
    });
  }
});
afterAll(() => server.stop());

const origin = () => `http://127.0.0.1:${server.port}`;
const inQueue = (name: string): readonly CloudEvent[] =>
  (server.inspectQueue(name)?.messages.ready ?? []).map(({ body }) => JSON.parse(body));

async function deliver(service: AwsService, options: object, events: readonly CloudEvent[]) {
  const sink = sinkAt(service, origin(), { ...options });
  const results = await sink.deliver(events, running());
  await sink.close();
  return results;
}

const accepted = { kind: "accepted" };

describe.each(["", ".fifo"])("tasks%s of an emulator", (suffix) => {
  it("takes a batch of events to the queue", async () => {
    const queueUrl = queueUrls.get(suffix);
    const events = sampleEvents(10);
    expect(await deliver(sqsService, { queueUrl }, events)).toEqual(events.map(() => accepted));
    expect(inQueue(`tasks${suffix}`)).toEqual(events);
  });

  it("takes a batch of events to the topic, whose subscriber filters by attributes", async () => {
    const topicArn = `arn:aws:sns:eu-west-1:000000000000:topic${suffix}`;
    const events = [sampleEvent(1), sampleEvent(2, { status: "FAILED" }), sampleEvent(3)];
    expect(await deliver(snsService, { topicArn }, events)).toEqual(events.map(() => accepted));
    expect(inQueue(`subscribed${suffix}`)).toEqual([events[0], events[2]]);
  });
});

describe("an emulator", () => {
  it("drops a repeat on FIFO, and keeps it on a standard queue", async () => {
    for (const [suffix, copies] of [
      ["", 2],
      [".fifo", 1],
    ] as const) {
      const queueUrl = queueUrls.get(suffix);
      const event = sampleEvent(77);
      await deliver(sqsService, { queueUrl }, [event]);
      expect(await deliver(sqsService, { queueUrl }, [event])).toEqual([accepted]);
      expect(inQueue(`tasks${suffix}`).filter(({ id }) => id === event.id)).toHaveLength(copies);
    }
  });

  it("refuses an oversize event, and a target that is not there", async () => {
    const large = sampleEvent(1, { params: "x".repeat(1_100_000) });
    const queueUrl = queueUrls.get("");
    expect(await deliver(sqsService, { queueUrl }, [large])).toMatchObject([{ kind: "permanent" }]);
    const missing = [{ kind: "blocked", reason: "not_found" }];
    expect(
      await deliver(sqsService, { queueUrl: `${origin()}/000000000000/no` }, [sampleEvent()]),
    ).toMatchObject(missing);
    const topicArn = "arn:aws:sns:eu-west-1:000000000000:no";
    expect(await deliver(snsService, { topicArn }, [sampleEvent()])).toMatchObject(missing);
  });
});
