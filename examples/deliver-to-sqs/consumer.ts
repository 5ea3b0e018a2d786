import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
// In a project of your own: import type { CloudEvent } from "dms-task-bridge".
import type { CloudEvent } from "../../lib/index.ts";

/** What is done with one event. The same event may come again, with the same id: doing it twice must change nothing. */
export type Work = (event: CloudEvent) => Promise<void>;

/**
 * A Lambda function's handler for the queue. Only what failed comes back, and whatever follows it in its group: a later
 * event of a task is never done before an earlier one.
 */
export const consumer =
  (work: Work) =>
  async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const failedGroups = new Set<string>();
    const failedIds: string[] = [];
    for (const { messageId, body, attributes } of Records) {
      const group = attributes.MessageGroupId ?? messageId;
      if (!failedGroups.has(group) && (await isDone(work, body))) continue;
      failedGroups.add(group);
      failedIds.push(messageId);
    }
    return { batchItemFailures: failedIds.map((itemIdentifier) => ({ itemIdentifier })) };
  };

async function isDone(work: Work, body: string): Promise<boolean> {
  try {
    await work(JSON.parse(body) as CloudEvent);
    return true;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

export const handler = consumer(async ({ id, data: { task } }) => {
  process.stdout.write(`${id}: ${task.name} ${task.status}\n`);
});
