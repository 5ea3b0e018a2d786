import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import { described } from "../options/fields.ts";
import { batchOf, fifoFields, messageAttributes, messageText } from "./aws/message.ts";
import { arnField, arnRegion, awsEntries } from "./aws/options.ts";
import { type EntryFailure, entryResult } from "./aws/results.ts";
import { type AwsSink, awsSink } from "./aws/sink.ts";
import type { Sink, SinkDeps } from "./sink.ts";

/** Schema of the options of a sink of type `sns`. */
export const schema = v.strictObject({
  topicArn: described(
    arnField("sns", "[\\w-]+(?:\\.fifo)?", "an ARN such as arn:aws:sns:eu-west-1:123456789012:dms-tasks"),
    "ARN of the topic. A name that ends in `.fifo` means FIFO.",
  ),
  ...awsEntries,
});

/** Checked options of a sink of type `sns`. */
export type SnsOptions = v.InferOutput<typeof schema>;

/** Publishes each event as one message, up to ten a request. */
export function create(name: SinkName, options: SnsOptions, deps: SinkDeps): Sink {
  const isFifo = options.topicArn.endsWith(".fifo");

  const send: AwsSink["send"] = async (aws, events, attempt) => {
    const fields: [string, string][] = [
      ["Action", "PublishBatch"],
      ["Version", "2010-03-31"],
      ["TopicArn", options.topicArn],
      ...events.flatMap((event, index) => entryFields(event, index, isFifo)),
    ];
    const body = new URLSearchParams(fields).toString();
    const outcomes = outcomesIn(await aws.send("sns", { operation: "PublishBatch", body }, attempt));
    return events.map((_, index) => entryResult("sns PublishBatch", outcomes.get(String(index))));
  };

  return awsSink(
    name,
    {
      service: "sns",
      region: options.region ?? arnRegion(options.topicArn),
      endpoint: options.endpoint,
      proxy: options.proxy,
      timeoutMs: options.timeout,
      // A topic accepts larger messages only when its own attribute says so.
      batch: batchOf(262_144),
      send,
    },
    deps,
  );
}

function entryFields(event: CloudEvent, index: number, isFifo: boolean): [string, string][] {
  const entry = `PublishBatchRequestEntries.member.${index + 1}`;
  const plain = { Id: String(index), Message: messageText(event), ...(isFifo && fifoFields(event)) };
  const attributes = Object.entries(messageAttributes(event)).flatMap(([name, value], position) => {
    const attribute = `${entry}.MessageAttributes.entry.${position + 1}`;
    return [
      [`${attribute}.Name`, name],
      [`${attribute}.Value.DataType`, "String"],
      [`${attribute}.Value.StringValue`, value],
    ] satisfies [string, string][];
  });
  return [
    ...Object.entries(plain).map(([field, value]): [string, string] => [`${entry}.${field}`, value]),
    ...attributes,
  ];
}

/** Results by entry id, from SNS's XML response; ids and codes hold no markup. */
function outcomesIn(xml: string): ReadonlyMap<string, EntryFailure | null> {
  const members = xml.matchAll(/<member>([\s\S]*?)<\/member>/g).map(([, member]) => member ?? "");
  return new Map(
    [...members].map((member) => {
      const text = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(member)?.[1];
      const code = text("Code");
      const failure = code === undefined ? null : { code, isSendersFault: text("SenderFault") !== "false" };
      return [text("Id") ?? "", failure];
    }),
  );
}
