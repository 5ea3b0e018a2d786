import type { SQSRecord } from "aws-lambda";
import { fieldsOf, isRecord } from "../text/json.ts";
import { RunFailed } from "./report.ts";

/**
 * Checks that an event is a batch of SQS messages, and returns them.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 * @throws RunFailed for the event of another trigger
 */
export function requireBatch(event: unknown, queue: string): readonly SQSRecord[] {
  const { Records } = fieldsOf(event);
  const isBatch = Array.isArray(Records) && Records.every(isMessage);
  if (isBatch) return Records;
  throw new RunFailed(
    `expected messages of a queue ${queue}, found the event of another trigger; a wake goes to the function plan`,
  );
}

const isMessage = (record: unknown): record is SQSRecord =>
  isRecord(record) && typeof record["messageId"] === "string" && typeof record["body"] === "string";
