import { ConfigError } from "../core/errors.ts";
import type { SinkModule } from "./sink.ts";

/** Every built-in sink type by its configuration name. A module is loaded only when it is used. */
export const sinkTypes = {
  webhook: () => import("./webhook.ts"),
  slack: () => import("./slack.ts"),
  slackapp: () => import("./slackapp.ts"),
  teams: () => import("./teams.ts"),
  discord: () => import("./discord.ts"),
  telegram: () => import("./telegram.ts"),
  feishu: () => import("./feishu.ts"),
  feishuapp: () => import("./feishuapp.ts"),
  dingtalk: () => import("./dingtalk.ts"),
  wecom: () => import("./wecom.ts"),
  googlechat: () => import("./googlechat.ts"),
  mattermost: () => import("./mattermost.ts"),
  pagerduty: () => import("./pagerduty.ts"),
  email: () => import("./email.ts"),
  file: () => import("./file.ts"),
  console: () => import("./console.ts"),
  sqs: () => import("./sqs.ts"),
  sns: () => import("./sns.ts"),
  eventbridge: () => import("./eventbridge.ts"),
  stepfunctions: () => import("./stepfunctions.ts"),
  lambda: () => import("./lambda.ts"),
  kinesis: () => import("./kinesis.ts"),
  rabbitmq: () => import("./rabbitmq.ts"),
  kafka: () => import("./kafka.ts"),
  nats: () => import("./nats.ts"),
  redis: () => import("./redis.ts"),
  mqtt: () => import("./mqtt.ts"),
  smn: () => import("./smn.ts"),
  eventgrid: () => import("./eventgrid.ts"),
  functiongraph: () => import("./functiongraph.ts"),
  github: () => import("./github.ts"),
  gitlab: () => import("./gitlab.ts"),
  custom: () => import("./custom.ts"),
} as const satisfies Readonly<Record<string, () => Promise<SinkModule>>>;

/** The name of a built-in sink type. */
export type SinkType = keyof typeof sinkTypes;

const isSinkType = (type: string): type is SinkType => Object.hasOwn(sinkTypes, type);

/**
 * Loads the module of a sink type. `field` is the type's place in the configuration.
 * @throws ConfigError that lists the known types
 */
export async function loadSinkModule(type: string, field: string): Promise<SinkModule> {
  if (isSinkType(type)) return sinkTypes[type]();
  throw new ConfigError([
    { field, found: JSON.stringify(type), expected: Object.keys(sinkTypes).join(", ") },
  ]);
}
