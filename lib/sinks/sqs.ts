import * as v from "valibot";
import { AwsError } from "../aws/errors.ts";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import { described, httpUrl } from "../options/fields.ts";
import { batchOf, fifoFields, messageAttributes, messageText } from "./aws/message.ts";
import { awsEntries } from "./aws/options.ts";
import { entryResult } from "./aws/results.ts";
import { type AwsSink, awsSink } from "./aws/sink.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const call = "sqs SendMessageBatch";

/** Schema of the options of a sink of type `sqs`. */
export const schema = v.strictObject({
  queueUrl: described(httpUrl, "URL of the queue. A name that ends in `.fifo` means FIFO."),
  ...awsEntries,
});

/** Checked options of a sink of type `sqs`. */
export type SqsOptions = v.InferOutput<typeof schema>;

const batchResponse = v.object({
  Successful: v.optional(v.array(v.object({ Id: v.string() })), []),
  Failed: v.optional(
    v.array(v.object({ Id: v.string(), Code: v.string(), SenderFault: v.optional(v.boolean()) })),
    [],
  ),
});

/** Sends each event as one message, up to ten a request. */
export function create(name: SinkName, options: SqsOptions, deps: SinkDeps): Sink {
  const url = new URL(options.queueUrl);
  const { AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL } = deps.environment;
  const isFifo = url.pathname.endsWith(".fifo");

  const send: AwsSink["send"] = async (aws, events, attempt) => {
    const Entries = events.map((event, index) => entryOf(event, index, isFifo));
    const body = { QueueUrl: options.queueUrl, Entries };
    const response = v.safeParse(batchResponse, await aws.call("sqs", "SendMessageBatch", body, attempt));
    if (!response.success) throw new AwsError("malformed", "NOT_SQS", `${call}: not an SQS response`);
    const { Successful, Failed } = response.output;
    const outcomes = new Map([
      ...Successful.map(({ Id }) => [Id, null] as const),
      ...Failed.map(
        ({ Id, Code, SenderFault }) => [Id, { code: Code, isSendersFault: SenderFault }] as const,
      ),
    ]);
    return events.map((_, index) => entryResult(call, outcomes.get(String(index))));
  };

  return awsSink(
    name,
    {
      service: "sqs",
      region: options.region ?? regionOfHost(url.hostname),
      endpoint: options.endpoint || AWS_ENDPOINT_URL_SQS || AWS_ENDPOINT_URL || url.origin,
      proxy: options.proxy,
      timeoutMs: options.timeout,
      batch: batchOf(1_048_576),
      send,
    },
    deps,
  );
}

const entryOf = (event: CloudEvent, index: number, isFifo: boolean): object => ({
  Id: String(index),
  MessageBody: messageText(event),
  MessageAttributes: Object.fromEntries(
    Object.entries(messageAttributes(event)).map(([name, value]) => [
      name,
      { DataType: "String", StringValue: value },
    ]),
  ),
  ...(isFifo && fifoFields(event)),
});

/** The region in a queue's host, such as `sqs.eu-west-1.amazonaws.com`. */
const regionOfHost = (host: string): string | undefined =>
  /^sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(host)?.[1];
