import { Agent } from "undici";
import * as v from "valibot";
import { type AwsClient, openAws } from "../../../lib/aws/client.ts";
import type { JsonServiceName } from "../../../lib/aws/services.ts";
import { type Moto, motoAccount } from "../../services/moto.ts";
import { from } from "../mail/service.ts";
import { stillClock } from "../sample.ts";

export const region = "eu-west-1";
export const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${region}:${motoAccount}:${resource}`;

/** What a test makes in moto and reads back from it, by our own signed client. */
export interface Resources {
  readonly aws: AwsClient;
  /** Its URL. Of FIFO where the name ends so, as for a topic. */
  queue(name: string): Promise<string>;
  /** With a queue of this name that gets each message as it is. Its ARN. */
  topicTo(queue: string, name: string): Promise<string>;
  /** A bus with a rule that takes one source to a queue of this name. */
  busTo(queue: string, name: string, source: string): Promise<void>;
  /** Its ARN. */
  stateMachine(name: string): Promise<string>;
  stream(name: string, shards: number): Promise<void>;
  /** Lets `from` send mail. */
  sender(): Promise<void>;
  messages(queueUrl: string): Promise<readonly Message[]>;
  executions(stateMachineArn: string): Promise<readonly Execution[]>;
  /** Shard by shard, in order. */
  records(stream: string): Promise<readonly StreamRecord[]>;
  mails(): Promise<readonly Mail[]>;
  close(): Promise<void>;
}

export type Message = v.InferOutput<typeof message>;
type Execution = v.InferOutput<typeof execution>;
type StreamRecord = v.InferOutput<typeof record>;
type Mail = v.InferOutput<typeof mail>;

const message = v.object({
  Body: v.string(),
  Attributes: v.record(v.string(), v.string()),
  MessageAttributes: v.optional(
    v.record(v.string(), v.object({ DataType: v.string(), StringValue: v.string() })),
  ),
});
const execution = v.object({ name: v.string(), input: v.string() });
const record = v.object({ PartitionKey: v.string(), Data: v.string() });
const mail = v.object({ source: v.string(), raw_data: v.string() });

export function openResources({ origin, key }: Moto): Resources {
  const dispatcher = new Agent();
  const env = { AWS_REGION: region, AWS_ENDPOINT_URL: origin, ...key };
  const aws = openAws({ env, dispatcher, clock: stillClock, random: () => 0 });

  async function ask<Answer>(
    answer: v.GenericSchema<unknown, Answer>,
    service: JsonServiceName,
    operation: string,
    body: object,
  ): Promise<Answer> {
    return v.parse(answer, await aws.call(service, operation, body));
  }

  async function queue(name: string): Promise<string> {
    const Attributes = name.endsWith(".fifo") ? { FifoQueue: "true" } : {};
    const answer = v.object({ QueueUrl: v.string() });
    return (await ask(answer, "sqs", "CreateQueue", { QueueName: name, Attributes })).QueueUrl;
  }

  async function sns(operation: string, fields: Readonly<Record<string, string>>): Promise<void> {
    const form = new URLSearchParams({ Action: operation, Version: "2010-03-31", ...fields });
    await aws.send("sns", { operation, body: form.toString() });
  }

  return {
    aws,
    queue,
    async topicTo(name, topic) {
      await queue(name);
      const isFifo = topic.endsWith(".fifo");
      const kind = { "Attributes.entry.1.key": "FifoTopic", "Attributes.entry.1.value": "true" };
      await sns("CreateTopic", { Name: topic, ...(isFifo && kind) });
      await sns("Subscribe", {
        TopicArn: arn("sns", topic),
        Protocol: "sqs",
        Endpoint: arn("sqs", name),
        "Attributes.entry.1.key": "RawMessageDelivery",
        "Attributes.entry.1.value": "true",
      });
      return arn("sns", topic);
    },
    async busTo(name, bus, source) {
      await queue(name);
      const of = { EventBusName: bus };
      await aws.call("events", "CreateEventBus", { Name: bus });
      await aws.call("events", "PutRule", {
        Name: "ours",
        EventPattern: JSON.stringify({ source: [source] }),
        ...of,
      });
      const Targets = [{ Id: "queue", Arn: arn("sqs", name) }];
      await aws.call("events", "PutTargets", { Rule: "ours", Targets, ...of });
    },
    async stateMachine(name) {
      const definition = JSON.stringify({ StartAt: "end", States: { end: { Type: "Succeed" } } });
      const roleArn = `arn:aws:iam::${motoAccount}:role/runs-it`;
      await aws.call("states", "CreateStateMachine", { name, definition, roleArn });
      return arn("states", `stateMachine:${name}`);
    },
    async stream(name, shards) {
      await aws.call("kinesis", "CreateStream", { StreamName: name, ShardCount: shards });
    },
    async sender() {
      const body = JSON.stringify({ EmailIdentity: from });
      await aws.send("ses", { operation: "CreateEmailIdentity", path: "/v2/email/identities", body });
    },
    async messages(QueueUrl) {
      const names = { AttributeNames: ["All"], MessageAttributeNames: ["All"] };
      const asked = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0, ...names };
      const answer = v.object({ Messages: v.optional(v.array(message), []) });
      return (await ask(answer, "sqs", "ReceiveMessage", asked)).Messages;
    },
    async executions(stateMachineArn) {
      const list = v.object({ executions: v.array(v.object({ executionArn: v.string() })) });
      const { executions } = await ask(list, "states", "ListExecutions", { stateMachineArn });
      return Promise.all(executions.map((each) => ask(execution, "states", "DescribeExecution", each)));
    },
    async records(StreamName) {
      const list = v.object({ Shards: v.array(v.object({ ShardId: v.string() })) });
      const { Shards } = await ask(list, "kinesis", "ListShards", { StreamName });
      const ofShards = Shards.map(async ({ ShardId }) => {
        const start = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" };
        const at = await ask(v.object({ ShardIterator: v.string() }), "kinesis", "GetShardIterator", start);
        return (await ask(v.object({ Records: v.array(record) }), "kinesis", "GetRecords", at)).Records;
      });
      return (await Promise.all(ofShards)).flat();
    },
    async mails() {
      // SES shows nobody what was sent; moto does.
      const answer = await (await fetch(`${origin}/moto-api/data.json`)).json();
      return v.parse(v.object({ ses: v.object({ RawMessage: v.array(mail) }) }), answer).ses.RawMessage;
    },
    close: () => dispatcher.close(),
  };
}
