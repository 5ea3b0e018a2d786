import type { SQSEvent } from "aws-lambda";
import { startFauxqs } from "fauxqs";
import { describe, expect, it, onTestFinished } from "vitest";
import { consumer } from "../../examples/deliver-to-sqs/consumer.ts";
import type { CloudEvent } from "../../lib/change/event.ts";
import { exampleHarness } from "./example.ts";

/** A FIFO queue before the example's bridge. */
async function queued() {
  const server = await startFauxqs({ port: 0, logger: false, defaultRegion: "eu-west-1" });
  onTestFinished(() => server.stop());
  const { queueUrl } = server.createQueue("dms-tasks.fifo", { attributes: { FifoQueue: "true" } });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const harness = await exampleHarness("deliver-to-sqs", {
    environment: {
      QUEUE_URL: queueUrl,
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKID",
      AWS_SECRET_ACCESS_KEY: "secret",
    },
  });
  return { ...harness, waiting: () => server.inspectQueue("dms-tasks.fifo")?.messages.ready ?? [] };
}

type Waiting = Awaited<ReturnType<typeof queued>>["waiting"];

/** The queue's messages as Lambda hands them over. */
const batchOf = (messages: ReturnType<Waiting>): SQSEvent => ({
  Records: messages.map(({ messageId, body, messageGroupId = "" }) => ({
    messageId,
    body,
    receiptHandle: messageId,
    attributes: {
      MessageGroupId: messageGroupId,
      ApproximateReceiveCount: "1",
      SentTimestamp: "0",
      SenderId: "s",
      ApproximateFirstReceiveTimestamp: "0",
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:dms-tasks.fifo",
    awsRegion: "eu-west-1",
  })),
});

describe("the example deliver-to-sqs", () => {
  it("queues the end of each task, and hands back only what failed", async () => {
    const { task, poll, waiting } = await queued();
    expect(await poll()).toMatchObject({ accepted: 0 });
    const [open, failed, done] = [
      task("resize", "EXECUTING"),
      task("kafkaRestart", "FAILED"),
      task("bind", "SUCCESS"),
    ];
    expect(await poll()).toMatchObject({ accepted: 2, filtered: 1 });
    const messages = waiting();
    expect(messages.map(({ messageGroupId }) => messageGroupId).toSorted()).toEqual(
      [failed, done].toSorted(),
    );
    expect(messages.map(({ messageGroupId }) => messageGroupId)).not.toContain(open);

    const worked: string[] = [];
    const handle = consumer(async ({ subject }: CloudEvent) => {
      if (subject === failed) throw new Error("not now");
      worked.push(subject);
    });
    const { batchItemFailures } = await handle(batchOf(messages));
    expect(worked).toEqual([done]);
    expect(batchItemFailures).toEqual(
      messages
        .filter(({ messageGroupId }) => messageGroupId === failed)
        .map(({ messageId }) => ({ itemIdentifier: messageId })),
    );
  });

  it("does no later event of a task whose earlier one failed", async () => {
    const { task, poll, waiting } = await queued();
    await poll();
    const [first, other] = [task("resize", "FAILED"), task("bind", "SUCCESS")];
    await poll();
    const [a, b] = ["a", "b"].map((suffix) =>
      waiting().map((message) => ({ ...message, messageId: `${message.messageGroupId} ${suffix}` })),
    );
    const worked: string[] = [];
    const handle = consumer(async ({ subject }: CloudEvent) => {
      worked.push(subject);
      if (subject === first) throw new Error("not now");
    });
    const { batchItemFailures } = await handle(batchOf([...(a ?? []), ...(b ?? [])]));
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
      `${first} a`,
      `${first} b`,
    ]);
    expect(worked.toSorted()).toEqual([first, other, other].toSorted());
  });
});
