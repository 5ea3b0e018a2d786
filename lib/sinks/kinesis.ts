import { hash } from "node:crypto";
import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import { described } from "../options/fields.ts";
import { arnField, arnRegion, awsEntries } from "./aws/options.ts";
import { indexedResults } from "./aws/results.ts";
import { type AwsSink, awsSink } from "./aws/sink.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const streamName = "[\\w.-]{1,128}";

/** Schema of the options of a sink of type `kinesis`. */
export const schema = v.strictObject({
  stream: described(
    arnField("kinesis", `stream/${streamName}`, "the name of a data stream or its ARN", streamName),
    "Name or ARN of the data stream.",
  ),
  ...awsEntries,
});

/** Checked options of a sink of type `kinesis`. */
export type KinesisOptions = v.InferOutput<typeof schema>;

/** Half of a request's limit, which leaves room for keys and for streams with older limits. */
const limits = { maxEvents: 500, maxBytes: 5 * 1_048_576 };

/** Puts each event as one record, with the task as its partition key. */
export function create(name: SinkName, options: KinesisOptions, deps: SinkDeps): Sink {
  const { stream } = options;
  const target = stream.startsWith("arn:") ? { StreamARN: stream } : { StreamName: stream };
  const send: AwsSink["send"] = async (aws, events, attempt) => {
    const body = { ...target, Records: events.map(recordOf) };
    const response = await aws.call("kinesis", "PutRecords", body, attempt);
    return indexedResults(
      "kinesis PutRecords",
      response,
      { field: "Records", receipt: "SequenceNumber" },
      events.length,
    );
  };
  return awsSink(
    name,
    {
      service: "kinesis",
      region: options.region ?? arnRegion(stream),
      endpoint: options.endpoint,
      proxy: options.proxy,
      timeoutMs: options.timeout,
      batch: limits,
      send,
    },
    deps,
  );
}

const recordOf = (event: CloudEvent): object => ({
  Data: Buffer.from(JSON.stringify(event)).toString("base64"),
  PartitionKey: /^.{1,256}$/su.test(event.subject) ? event.subject : hash("sha256", event.subject),
});
