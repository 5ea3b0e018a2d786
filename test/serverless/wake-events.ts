/** An SNS notification with a message of any text. https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
export const snsEvent = (message: string): object => ({
  Records: [
    {
      EventVersion: "1.0",
      EventSubscriptionArn: "arn:aws:sns:eu-west-1:123456789012:notices:21be56ed-a058-49f5-8c98-aedd2564c486",
      EventSource: "aws:sns",
      Sns: {
        Type: "Notification",
        MessageId: "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        TopicArn: "arn:aws:sns:eu-west-1:123456789012:notices",
        Subject: null,
        Message: message,
        Timestamp: "2026-11-24T12:00:00.000Z",
        MessageAttributes: {},
      },
    },
  ],
});

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html */
export const eventBridgeEvent = (instanceId: string): object => ({
  version: "0",
  id: "17793124-05d4-b198-2fde-7ededc63b103",
  "detail-type": "Task started",
  source: "example.huaweicloud",
  account: "123456789012",
  time: "2026-11-24T12:00:00Z",
  region: "eu-west-1",
  resources: [],
  detail: { trace: { service_type: "DMS", resource_id: instanceId, trace_name: "restartInstance" } },
});

/** https://support.huaweicloud.com/intl/en-us/usermanual-functiongraph/functiongraph_01_0206.html */
export const ctsEvent = (instanceId: string): object => ({
  cts: {
    time: 1_795_521_600_000,
    user: { name: "ops", id: "45a7e9b2d6f54f3c8a7c1d0e9b8f7a6c", domain: { name: "example", id: "d1" } },
    request: {},
    response: {},
    code: 202,
    service_type: "DMS",
    resource_type: "rabbitmq",
    resource_name: "orders",
    resource_id: instanceId,
    trace_name: "restartInstance",
    trace_type: "ConsoleAction",
    record_time: 1_795_521_600_100,
    trace_id: "4ec4a6f7-c92f-11f0-8d3b-286ed488cbb5",
    trace_status: "normal",
  },
});

/** A CloudEvent, as EventGrid hands it to a function. */
export const eventGridEvent = (instanceId: string): object => ({
  specversion: "1.0",
  id: "a1b2c3d4-0000-4000-8000-000000000001",
  source: "HC.DMS",
  type: "DMS:CloudTrace:ApiCall",
  datacontenttype: "application/json",
  subject: `urn:dms:cn-north-4:p1:instance/${instanceId}`,
  time: "2026-11-24T12:00:00Z",
  data: { trace_name: "restartInstance" },
});

/** Events that nobody would send in good faith, or by mistake only. */
export const hostileEvents: readonly (readonly [string, unknown])[] = [
  ["text that is not JSON", "{ not json"],
  ["1 MiB of text", "x".repeat(1_048_576)],
  ["1 MiB of open brackets as a message", snsEvent("[".repeat(1_048_576))],
  ["unknown streams", ctsEvent("99999999-0000-4000-8000-000000000009")],
  [
    "10,000 records",
    { Records: Array.from({ length: 10_000 }, (_, index) => ({ Sns: { Message: `${index}` } })) },
  ],
  ["a list of 10,000 texts", Array.from({ length: 10_000 }, (_, index) => `i-${index}`)],
  ["messages of SQS", { Records: [{ messageId: "m0", eventSource: "aws:sqs", body: "{}" }] }],
  ["a record that is none", { Records: [null, 7, { Sns: null }] }],
  ["a time that is none", { time: "yesterday" }],
  ["names of an object's own parts", { __proto__: null, constructor: "x", toString: 1, hasOwnProperty: [] }],
];
