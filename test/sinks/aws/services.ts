import type { CloudEvent } from "../../../lib/change/event.ts";
import * as eventbridge from "../../../lib/sinks/eventbridge.ts";
import * as kinesis from "../../../lib/sinks/kinesis.ts";
import * as lambda from "../../../lib/sinks/lambda.ts";
import * as sns from "../../../lib/sinks/sns.ts";
import * as sqs from "../../../lib/sinks/sqs.ts";
import * as stepfunctions from "../../../lib/sinks/stepfunctions.ts";
import { accessKey } from "../../aws/sample.ts";
import type { Service } from "../../contract/service.ts";
import type { Seen, ServerReply } from "../../harness/http.ts";

export interface RefusedEntry {
  readonly code: string;
  readonly isSendersFault?: boolean;
}

/** How one of AWS's services is spoken to, as its emulator and its sink's tests see it. */
export interface AwsService extends Service {
  /** What a signature's scope names. */
  readonly scope: string;
  /** Of JSON's protocols; null for one of its own. */
  readonly target: string | null;
  readonly path: string;
  events(request: Seen): readonly CloudEvent[];
  /** Takes every event but those that `refused` names by position. */
  answer(request: Seen, refused?: Readonly<Record<number, RefusedEntry>>): ServerReply;
  /** The refusal of a whole request. */
  failure(status: number, code: string): ServerReply;
}

export const environment = { AWS_REGION: "eu-west-1", ...accessKey };

const jsonFailure = (status: number, code: string): ServerReply => ({
  status,
  body: { __type: `com.amazonaws#${code}`, message: `no: ${accessKey.AWS_SECRET_ACCESS_KEY}` },
});

/** What AWS's services have in common, but for how each refuses a request. */
const aws = (failure: AwsService["failure"]) => ({
  at: (endpoint: string) => ({ endpoint }),
  environment,
  failure,
  failures: {
    throttling: failure(400, "ThrottlingException"),
    "an error of the service": { status: 500, body: accessKey.AWS_SECRET_ACCESS_KEY },
    "a key that may not": failure(403, "AccessDeniedException"),
    "a target that is gone": failure(400, "ResourceNotFoundException"),
    "an event too large": failure(413, "RequestEntityTooLargeException"),
  },
  secrets: [accessKey.AWS_SECRET_ACCESS_KEY],
});

const bodyOf = (request: Seen) => JSON.parse(request.body);
const eventOf = (text: string): CloudEvent => JSON.parse(text);
const queueHost = "https://sqs.eu-west-1.amazonaws.com/123456789012";

export const sqsService: AwsService = {
  ...aws(jsonFailure),
  module: sqs,
  options: { queueUrl: `${queueHost}/tasks` },
  scope: "eu-west-1/sqs",
  target: "AmazonSQS.SendMessageBatch",
  path: "/",
  events: (request) =>
    bodyOf(request).Entries.map(({ MessageBody }: { MessageBody: string }) => eventOf(MessageBody)),
  answer: (request, refused = {}) => {
    const entries: readonly { Id: string }[] = bodyOf(request).Entries;
    const of = (isRefused: boolean) => entries.filter(({ Id }) => Object.hasOwn(refused, Id) === isRefused);
    // The order of the two lists tells nothing.
    const failed = of(true).map(({ Id }) => ({
      Id,
      Code: refused[Number(Id)]?.code,
      SenderFault: refused[Number(Id)]?.isSendersFault ?? true,
    }));
    const successful = of(false).map(({ Id }) => ({ Id, MessageId: `m-${Id}` }));
    return { body: { Successful: successful.reverse(), ...(failed.length > 0 && { Failed: failed }) } };
  },
};

export const sqsFifoService: AwsService = { ...sqsService, options: { queueUrl: `${queueHost}/tasks.fifo` } };

const formOf = (request: Seen) => new URLSearchParams(request.body);

const xmlFailure = (status: number, code: string): ServerReply => ({
  status,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no: ${accessKey.AWS_SECRET_ACCESS_KEY}</Message></Error></ErrorResponse>`,
});

export const snsService: AwsService = {
  ...aws(xmlFailure),
  module: sns,
  options: { topicArn: "arn:aws:sns:eu-west-1:123456789012:tasks" },
  scope: "eu-west-1/sns",
  target: null,
  path: "/",
  events: (request) =>
    [...formOf(request)]
      .filter(([name]) => /^PublishBatchRequestEntries\.member\.\d+\.Message$/.test(name))
      .map(([, text]) => eventOf(text)),
  answer: (request, refused = {}) => {
    const ids = [...formOf(request)].filter(([name]) => /member\.\d+\.Id$/.test(name)).map(([, id]) => id);
    const members = (isRefused: boolean, member: (id: string) => string) =>
      ids
        .filter((id) => Object.hasOwn(refused, id) === isRefused)
        .map((id) => `<member>${member(id)}</member>`)
        .join("\n");
    const failed = (id: string) =>
      `<Id>${id}</Id><Code>${refused[Number(id)]?.code}</Code><SenderFault>${refused[Number(id)]?.isSendersFault ?? true}</SenderFault>`;
    const taken = (id: string) => `<MessageId>m-${id}</MessageId>\n<Id>${id}</Id>`;
    return {
      body: `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Failed>${members(true, failed)}</Failed><Successful>${members(false, taken)}</Successful></PublishBatchResult></PublishBatchResponse>`,
    };
  },
};

/** A service whose answer lists what became of each entry by its position. */
const indexed = (asked: string, answered: string, event: (entry: never) => CloudEvent) => ({
  events: (request: Seen) => bodyOf(request)[asked].map(event),
  answer: (request: Seen, refused: Readonly<Record<number, RefusedEntry>> = {}): ServerReply => ({
    body: {
      [answered === "Entries" ? "FailedEntryCount" : "FailedRecordCount"]: Object.keys(refused).length,
      [answered]: bodyOf(request)[asked].map((_: unknown, index: number) => {
        const code = refused[index]?.code;
        return code === undefined
          ? { EventId: `e-${index}`, SequenceNumber: `${index}` }
          : { ErrorCode: code, ErrorMessage: "no" };
      }),
    },
  }),
});

export const eventbridgeService: AwsService = {
  ...aws(jsonFailure),
  module: eventbridge,
  options: {},
  scope: "eu-west-1/events",
  target: "AWSEvents.PutEvents",
  path: "/",
  ...indexed("Entries", "Entries", ({ Detail }: { Detail: string }) => eventOf(Detail)),
};

export const kinesisService: AwsService = {
  ...aws(jsonFailure),
  module: kinesis,
  options: { stream: "tasks" },
  scope: "eu-west-1/kinesis",
  target: "Kinesis_20131202.PutRecords",
  path: "/",
  ...indexed("Records", "Records", ({ Data }: { Data: string }) =>
    eventOf(Buffer.from(Data, "base64").toString()),
  ),
};

export const stepfunctionsService: AwsService = {
  ...aws(jsonFailure),
  module: stepfunctions,
  options: { stateMachineArn: "arn:aws:states:eu-west-1:123456789012:stateMachine:after-task" },
  scope: "eu-west-1/states",
  target: "AWSStepFunctions.StartExecution",
  path: "/",
  events: (request) => [eventOf(bodyOf(request).input)],
  answer: () => ({ body: { executionArn: "arn:x", startDate: 1 } }),
};

const headerFailure = (status: number, code: string): ServerReply => ({
  status,
  headers: { "x-amzn-errortype": code },
  body: { Type: "User", Message: `no: ${accessKey.AWS_SECRET_ACCESS_KEY}` },
});

export const lambdaService: AwsService = {
  ...aws(headerFailure),
  module: lambda,
  options: { function: "after-task" },
  scope: "eu-west-1/lambda",
  target: null,
  path: "/2015-03-31/functions/after-task/invocations",
  events: (request) => [eventOf(request.body)],
  answer: () => ({ status: 202, body: "" }),
};

export const awsServices = {
  sqs: sqsService,
  sns: snsService,
  eventbridge: eventbridgeService,
  stepfunctions: stepfunctionsService,
  lambda: lambdaService,
  kinesis: kinesisService,
} as const;
