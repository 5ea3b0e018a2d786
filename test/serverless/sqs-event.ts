import type { SQSRecord } from "aws-lambda";

export interface RecordParts {
  readonly messageId?: string;
  readonly receiptHandle?: string;
  readonly group?: string | undefined;
  readonly deduplication?: string | undefined;
  readonly receiveCount?: number;
  readonly sentMs?: number;
}

/** A message as Lambda hands it to a function. */
export function record(body: string, parts: RecordParts = {}): SQSRecord {
  const { messageId = "m0", receiptHandle = `receipt-${messageId}`, receiveCount = 1, sentMs = 0 } = parts;
  return {
    messageId,
    receiptHandle,
    body,
    attributes: {
      ApproximateReceiveCount: String(receiveCount),
      SentTimestamp: String(sentMs),
      SenderId: "AIDAEXAMPLE",
      ApproximateFirstReceiveTimestamp: String(sentMs),
      ...(parts.group !== undefined && { MessageGroupId: parts.group, SequenceNumber: "1" }),
      ...(parts.deduplication !== undefined && { MessageDeduplicationId: parts.deduplication }),
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:queue",
    awsRegion: "eu-west-1",
  };
}
