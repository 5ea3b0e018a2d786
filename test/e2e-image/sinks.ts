import type { SinkType } from "../../lib/sinks/index.ts";

/** A port of this machine at which nobody listens. */
const nobody = "127.0.0.1:1";
const url = `http://${nobody}`;
const hook = { url, allowPrivateNetwork: true };
const platform = { ...hook, token: "a-token" };
const credentials = { ak: "AK", sk: "a-secret" };
const huawei = { credentials, endpoint: url };
const arn = (service: string, resource: string) => `arn:aws:${service}:eu-west-1:123456789012:${resource}`;
const urn = (service: string, resource: string) =>
  `urn:${service}:cn-north-4:0123456789abcdef0123456789abcdef:${resource}`;

/** Each sink type that leaves the machine, with the least options, pointed at nobody. */
export const unreachableSinks = {
  webhook: hook,
  slack: hook,
  slackapp: { ...platform, token: "xoxb-a-token", channel: "C0123456789" },
  teams: hook,
  discord: hook,
  telegram: { ...platform, token: "123456:a-token", chat: "-1001234567890" },
  feishu: hook,
  feishuapp: { ...hook, app: "cli_a1", secret: "a-secret", chat: "oc_a1" },
  dingtalk: hook,
  wecom: hook,
  googlechat: hook,
  mattermost: hook,
  pagerduty: { routingKey: "0123456789abcdef0123456789abcdef", endpoint: url },
  email: {
    from: "bridge@example.com",
    to: ["ops@example.com"],
    smtp: { host: "127.0.0.1", port: 1, security: "none" },
  },
  sqs: { queueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks", endpoint: url },
  sns: { topicArn: arn("sns", "tasks"), endpoint: url },
  eventbridge: { endpoint: url },
  stepfunctions: { stateMachineArn: arn("states", "stateMachine:after-task"), endpoint: url },
  lambda: { function: "after-task", endpoint: url },
  kinesis: { stream: "tasks", endpoint: url },
  rabbitmq: { url: `amqp://${nobody}`, exchange: "tasks" },
  kafka: { brokers: [nobody], topic: "tasks" },
  nats: { servers: [nobody] },
  redis: { url: `redis://${nobody}`, stream: "tasks" },
  mqtt: { url: `mqtt://${nobody}` },
  smn: { topicUrn: urn("smn", "tasks"), ...huawei },
  eventgrid: { region: "cn-north-4", projectId: "p1", channelId: "ch-1", ...huawei },
  functiongraph: { functionUrn: urn("fss", "function:default:after-task:latest"), ...huawei },
  github: { ...platform, repository: "owner/name" },
  gitlab: { ...platform, project: "1", ref: "main" },
} as const satisfies Readonly<Record<Exclude<SinkType, "file" | "console" | "custom">, object>>;
