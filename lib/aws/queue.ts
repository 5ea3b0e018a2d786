import * as v from "valibot";
import { eachOf } from "../async/each.ts";
import type { CallOptions, Clock, Random } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { openAgent } from "../net/agent.ts";
import { openAws } from "./client.ts";
import { AwsError } from "./errors.ts";

/** One message to send. */
export interface QueueMessage {
  readonly body: string;
  /** Seconds, 0 to 900. Not allowed for a FIFO queue. */
  readonly delaySeconds?: number;
  /** String attributes by name, at most ten. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Group and deduplication id, for a FIFO queue. */
  readonly fifo?: { readonly group: string; readonly deduplication: string };
}

/** When a received message becomes visible again. */
export interface VisibilityChange {
  readonly receiptHandle: string;
  /** Seconds from now; at most twelve hours. */
  readonly seconds: number;
}

/** SQS operations on one queue that Lambda does not do by itself. */
export interface Queue {
  /** Sends in as few requests as SQS allows. @throws AwsError unless every message was accepted; some may have been */
  send(messages: readonly QueueMessage[], options: CallOptions): Promise<void>;
  /** Sets when messages in flight become visible again; skips messages no longer in flight. @throws AwsError */
  changeVisibility(changes: readonly VisibilityChange[], options: CallOptions): Promise<void>;
  close(): Promise<void>;
}

/** Dependencies of a queue. */
export interface QueueDeps {
  /** Environment with the access key, region and endpoints, by AWS's own names. */
  readonly environment: Environment;
  readonly clock: Clock;
  readonly random: Random;
}

const maxEntries = 10;
const maxRequestBytes = 1_048_576;
/** Overhead of an entry besides its body and attributes, bytes. */
const entryBytes = 512;
const requestsAtOnce = 16;

const responseSchema = v.object({
  Failed: v.optional(v.array(v.object({ Code: v.string(), SenderFault: v.optional(v.boolean()) })), []),
});

/** Opens no connection before the first call. */
export function openQueue(url: string, { environment, clock, random }: QueueDeps): Queue {
  const { dispatcher, close } = openAgent({}, { environment });
  const aws = openAws({ env: environment, dispatcher, clock, random });

  /** Returns the codes of the refused entries. */
  async function call(operation: string, entries: readonly object[], { signal }: CallOptions) {
    const Entries = entries.map((entry, index) => ({ Id: String(index), ...entry }));
    const response = v.safeParse(
      responseSchema,
      await aws.call("sqs", operation, { QueueUrl: url, Entries }, { signal }),
    );
    if (response.success) return response.output.Failed;
    throw new AwsError("malformed", "NOT_SQS", `sqs ${operation}: not an SQS response`);
  }

  return {
    async send(messages, options) {
      await inTurns(batchesOf(messages), async (batch) => {
        const [refused] = await call("SendMessageBatch", batch.map(sendEntry), options);
        if (!refused) return;
        const reason = refused.SenderFault === false ? "unavailable" : "rejected";
        throw new AwsError(reason, refused.Code, "sqs SendMessageBatch: a message was refused");
      });
    },
    async changeVisibility(changes, options) {
      await inTurns(chunksOf(changes, maxEntries), async (chunk) => {
        const entries = chunk.map(({ receiptHandle: ReceiptHandle, seconds: VisibilityTimeout }) => ({
          ReceiptHandle,
          VisibilityTimeout,
        }));
        await call("ChangeMessageVisibilityBatch", entries, options);
      });
    },
    close,
  };
}

const sendEntry = ({ body, delaySeconds, attributes = {}, fifo }: QueueMessage): object => ({
  MessageBody: body,
  ...(delaySeconds ? { DelaySeconds: delaySeconds } : {}),
  MessageAttributes: Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, { DataType: "String", StringValue: value }]),
  ),
  ...(fifo && { MessageGroupId: fifo.group, MessageDeduplicationId: fifo.deduplication }),
});

/** Splits messages, in order, into as few requests as number and size allow. */
function batchesOf(messages: readonly QueueMessage[]): readonly (readonly QueueMessage[])[] {
  const batches: QueueMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const size =
      entryBytes + Buffer.byteLength(message.body + Object.values(message.attributes ?? {}).join(""));
    const last = batches.at(-1);
    if (last && last.length < maxEntries && bytes + size <= maxRequestBytes) {
      last.push(message);
      bytes += size;
    } else {
      batches.push([message]);
      bytes = size;
    }
  }
  return batches;
}

const chunksOf = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

/** Runs all of them even after a failure; then throws the first error. */
async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  await eachOf(items, requestsAtOnce, (item) =>
    work(item).catch((error: unknown) => {
      failures.push(error);
    }),
  );
  if (failures.length > 0) throw failures[0];
}
