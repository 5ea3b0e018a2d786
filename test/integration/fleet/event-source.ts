import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { Agent } from "undici";
import { onTestFinished } from "vitest";
import { type AwsClient, openAws } from "../../../lib/aws/client.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import { environment } from "../../harness/dynamodb.ts";

/** What a function exports. */
export type QueueHandler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/** A function's time, as the platform tells it. */
export const contextOf = (functionName: string, leftMs = 20_000) =>
  ({ functionName, getRemainingTimeInMillis: () => leftMs }) as Context;

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes: Record<string, string>;
}

export interface EventSource {
  /** One poll of the queue, handed to the function as Lambda would; what it does not fail is deleted. */
  once(handler: QueueHandler<SQSEvent, SQSBatchResponse>): Promise<{ received: number; failed: number }>;
  /** The same until the queue shows nothing, so many times at most. Returns how many messages failed. */
  drain(handler: QueueHandler<SQSEvent, SQSBatchResponse>, times?: number): Promise<number>;
}

/** Lambda's event source for SQS, on the queue of an emulator. */
export function eventSource(endpoint: string, queueUrl: string): EventSource {
  const agent = new Agent();
  onTestFinished(() => agent.close());
  const aws: AwsClient = openAws({
    env: { ...environment, AWS_ENDPOINT_URL: endpoint },
    dispatcher: agent,
    clock: systemClock,
    random: Math.random,
  });
  const once: EventSource["once"] = async (handler) => {
    const answer = (await aws.call("sqs", "ReceiveMessage", {
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["All"],
    })) as { Messages?: readonly Message[] };
    const messages = answer.Messages ?? [];
    if (messages.length === 0) return { received: 0, failed: 0 };
    const { batchItemFailures } = await handler(eventOf(messages), contextOf("from-queue"));
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { MessageId, ReceiptHandle } of messages) {
      if (!failed.has(MessageId))
        await aws.call("sqs", "DeleteMessage", { QueueUrl: queueUrl, ReceiptHandle });
    }
    return { received: messages.length, failed: failed.size };
  };
  return {
    once,
    async drain(handler, times = 50) {
      let failures = 0;
      for (let time = 0; time < times; time++) {
        const { received, failed } = await once(handler);
        if (received === 0) break;
        failures += failed;
      }
      return failures;
    },
  };
}

const eventOf = (messages: readonly Message[]): SQSEvent => ({
  Records: messages.map(({ MessageId, ReceiptHandle, Body, Attributes }) => ({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "0",
      SenderId: "",
      ApproximateFirstReceiveTimestamp: "0",
      ...Attributes,
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:queue",
    awsRegion: "eu-west-1",
  })),
});
