import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Random } from "../../../../lib/core/clock.ts";
import { between } from "../../../../lib/simulator/random.ts";
import { listening } from "../../../harness/servers.ts";
import type { Container, Containers } from "./containers.ts";
import type { NewMessage } from "./queue.ts";

/** What may befall a container's call, and how likely it is. */
export interface Trouble {
  readonly loseRequest: number;
  readonly loseAnswer: number;
  readonly throttle: number;
  /** The container is killed, before or after the call takes effect. */
  readonly kill: number;
}

export const calm: Trouble = { loseRequest: 0, loseAnswer: 0, throttle: 0, kill: 0 };

/** What a function may do to a queue. */
export interface QueueEnd {
  add(message: NewMessage, nowMs: number): void;
  hide(receipt: string, seconds: number, nowMs: number): void;
}

export interface CloudParts {
  /** By name, which is the last part of their URL. */
  readonly queues: Readonly<Record<string, QueueEnd>>;
  /** The queues that the topic feeds. */
  readonly subscribed: readonly QueueEnd[];
  /** Where DynamoDB's calls go. */
  readonly dynamodb: string;
  readonly now: () => number;
  readonly containers: Containers;
  readonly trouble: () => Trouble;
  readonly isTopicDown: () => boolean;
}

type Call = { readonly headers: IncomingMessage["headers"]; readonly body: string };
type Answer = { readonly status: number; readonly body: string };

/** SQS, SNS and DynamoDB at one address. Each container has an access key of its own, by which its calls are known. */
export async function startCloud(parts: CloudParts): Promise<string> {
  const server = createServer(async (request, response) => {
    const call = { headers: request.headers, body: await text(request) };
    const [, id = ""] = /Credential=([^/]+)\//.exec(String(call.headers.authorization)) ?? [];
    await answer(parts, parts.containers.of(id), call, response);
  });
  return (await listening(server)).origin;
}

async function answer(
  parts: CloudParts,
  container: Container,
  call: Call,
  response: ServerResponse,
): Promise<void> {
  const { random } = container;
  const { loseRequest, loseAnswer, throttle, kill } = parts.trouble();
  const hangUp = (): void => void response.destroy();
  if (container.isDead) return hangUp();
  const dice = random();
  const killed = (): void => {
    container.isDead = true;
    hangUp();
  };
  if (dice < kill / 2) return killed();
  if (dice < kill / 2 + throttle) return void send(response, throttled(call));
  if (random() < loseRequest) return hangUp();
  const done = await perform(parts, call, random);
  if (dice > 1 - kill / 2) return killed();
  if (random() < loseAnswer) return hangUp();
  send(response, done);
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body);
}

const operationOf = ({ headers }: Call): string => String(headers["x-amz-target"] ?? "");

const throttled = (call: Call): Answer =>
  operationOf(call) === ""
    ? { status: 400, body: "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>" }
    : { status: 400, body: '{"__type":"com.amazonaws#ThrottlingException"}' };

async function perform(parts: CloudParts, call: Call, random: Random): Promise<Answer> {
  const [service, operation] = operationOf(call).split(".");
  if (service === "AmazonSQS")
    return { status: 200, body: JSON.stringify(queueCall(parts, operation, call, random)) };
  if (service?.startsWith("DynamoDB")) return forwarded(parts, call);
  return parts.isTopicDown()
    ? { status: 503, body: "" }
    : { status: 200, body: publish(parts, call, random) };
}

async function forwarded({ dynamodb }: CloudParts, { headers, body }: Call): Promise<Answer> {
  const { authorization, "x-amz-date": date, "x-amz-target": target } = headers;
  const answered = await fetch(dynamodb, {
    method: "POST",
    headers: {
      authorization: String(authorization),
      "x-amz-date": String(date),
      "x-amz-target": String(target),
      "content-type": "application/x-amz-json-1.0",
    },
    body,
  });
  return { status: answered.status, body: await answered.text() };
}

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly DelaySeconds?: number;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue: string }>>;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
  readonly ReceiptHandle: string;
  readonly VisibilityTimeout: number;
}

function queueCall(parts: CloudParts, operation: string | undefined, { body }: Call, random: Random): object {
  const { QueueUrl, Entries } = JSON.parse(body) as { QueueUrl: string; Entries: readonly Entry[] };
  const queue = parts.queues[QueueUrl.split("/").at(-1) ?? ""];
  if (!queue) throw new Error(`no queue ${QueueUrl}`);
  for (const entry of Entries) {
    if (operation === "SendMessageBatch") queue.add(messageOf(entry), parts.now());
    else if (operation === "ChangeMessageVisibilityBatch")
      queue.hide(entry.ReceiptHandle, entry.VisibilityTimeout, parts.now());
    else throw new Error(`no operation ${operation}`);
  }
  return { Successful: Entries.map(({ Id }) => ({ Id, MessageId: String(random()) })), Failed: [] };
}

const messageOf = (entry: Entry): NewMessage => ({
  body: entry.MessageBody,
  delayMs: (entry.DelaySeconds ?? 0) * 1_000,
  attributes: Object.fromEntries(
    Object.entries(entry.MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]),
  ),
  fifo:
    entry.MessageGroupId !== undefined && entry.MessageDeduplicationId !== undefined
      ? { group: entry.MessageGroupId, deduplication: entry.MessageDeduplicationId }
      : null,
});

/** Publishes a batch to every subscribed queue, some of it late; some entries are refused for the time being. */
function publish({ subscribed, now, trouble }: CloudParts, { body }: Call, random: Random): string {
  const fields = new URLSearchParams(body);
  const results: string[] = [];
  for (let index = 1; fields.has(`PublishBatchRequestEntries.member.${index}.Id`); index++) {
    const field = (name: string): string =>
      fields.get(`PublishBatchRequestEntries.member.${index}.${name}`) ?? "";
    if (random() < trouble().throttle) {
      const code = "<Code>InternalError</Code><SenderFault>false</SenderFault>";
      results.push(`<member><Id>${field("Id")}</Id>${code}</member>`);
      continue;
    }
    const fifo = { group: field("MessageGroupId"), deduplication: field("MessageDeduplicationId") };
    for (const queue of subscribed) {
      const delayMs = random() < trouble().loseAnswer ? between(random, 1_000, 120_000) : 0;
      queue.add({ body: field("Message"), fifo, delayMs }, now());
    }
    results.push(`<member><Id>${field("Id")}</Id><MessageId>${index}</MessageId></member>`);
  }
  return `<PublishBatchResponse>${results.join("")}</PublishBatchResponse>`;
}
