import type { SinkType } from "../sinks/index.ts";
import { type Drawing, plainBody } from "./drawing.ts";
import { dingtalk } from "./platforms/dingtalk.ts";
import { discord } from "./platforms/discord.ts";
import { email } from "./platforms/email.ts";
import { feishu, feishuapp } from "./platforms/feishu.ts";
import { googlechat } from "./platforms/googlechat.ts";
import { mattermost } from "./platforms/mattermost.ts";
import { slack } from "./platforms/slack.ts";
import { teams } from "./platforms/teams.ts";
import { telegram } from "./platforms/telegram.ts";
import { wecom } from "./platforms/wecom.ts";

/** A type of sink as a preview shows it. */
export interface Previewed {
  readonly title: string;
  /** Made-up options that a sink of this type requires. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly drawing: Drawing;
  /** Options that let a capture see a message which otherwise uses no HTTP, or needs a key or token. */
  readonly captured?: {
    readonly options?: Readonly<Record<string, unknown>>;
    readonly environment?: Readonly<Record<string, string>>;
    /** The JSON response to every request. */
    readonly response?: string;
  };
}

/** Every chat sink, and mail. A new one needs its row here, and then `npm run docs:cards`. */
export const platforms = {
  slack: {
    title: "Slack",
    options: { url: "https://hooks.slack.com/services/T000/B000/xxxx" },
    drawing: slack,
  },
  slackapp: {
    title: "Slack, as an app",
    options: { token: "xoxb-xxxx", channel: "C0123456789" },
    drawing: slack,
  },
  teams: {
    title: "Teams",
    options: { url: "https://prod-00.westeurope.logic.azure.com/workflows/xxxx" },
    drawing: teams,
  },
  discord: {
    title: "Discord",
    options: { url: "https://discord.com/api/webhooks/1/xxxx" },
    drawing: discord,
  },
  telegram: {
    title: "Telegram",
    options: { token: "1:xxxx", chat: "-1001234567890" },
    drawing: telegram,
  },
  feishu: {
    title: "Feishu and Lark",
    options: { url: "https://open.feishu.cn/open-apis/bot/v2/hook/xxxx", secret: "a-secret-of-the-robot" },
    drawing: feishu,
  },
  feishuapp: {
    title: "Feishu and Lark, as an app",
    options: { app: "cli_xxxx", secret: "xxxx", chat: "oc_xxxx" },
    drawing: feishuapp,
    captured: { response: '{"code":0,"tenant_access_token":"made-up","expire":7200}' },
  },
  dingtalk: {
    title: "DingTalk",
    options: { url: "https://oapi.dingtalk.com/robot/send?access_token=xxxx", secret: "SECxxxx" },
    drawing: dingtalk,
  },
  wecom: {
    title: "WeCom",
    options: { url: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=xxxx" },
    drawing: wecom,
  },
  googlechat: {
    title: "Google Chat",
    options: { url: "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=xxxx&token=xxxx" },
    drawing: googlechat,
  },
  mattermost: {
    title: "Mattermost",
    options: { url: "https://chat.example.com/hooks/xxxx" },
    drawing: mattermost,
  },
  email: {
    title: "Mail",
    options: { from: "dms@example.com", to: ["ops@example.com"], smtp: { host: "mail.example.com" } },
    drawing: email,
    // SES gets exactly the mail that a mail server would.
    captured: {
      options: { smtp: undefined, ses: { region: "eu-west-1" } },
      environment: { AWS_ACCESS_KEY_ID: "made-up", AWS_SECRET_ACCESS_KEY: "made-up" },
    },
  },
} as const satisfies Partial<Record<SinkType, Previewed>>;

/** A type of chat sink, or mail: its messages are drawn. */
export type PlatformType = keyof typeof platforms;

/** All types of sinks whose messages are drawn. */
export const platformTypes = Object.keys(platforms).filter(isPlatformType);

/** Whether the messages of sinks of this type are drawn. */
export function isPlatformType(type: string): type is PlatformType {
  return Object.hasOwn(platforms, type);
}

const account = "123456789012";
const project = "0123456789abcdef0123456789abcdef";
const key = "made-up";
const environment = {
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: key,
  AWS_SECRET_ACCESS_KEY: key,
  HUAWEICLOUD_SDK_AK: key,
  HUAWEICLOUD_SDK_SK: key,
};
/** A secret that the body itself has is never the configured one. */
const body = (title: string, options: object, secret = {}): Previewed => ({
  title,
  options: { ...options, ...secret },
  drawing: plainBody,
  captured: { options: secret, environment },
});

/** Sinks over HTTP whose bodies are shown as they are. Brokers are not: their clients keep a connection. */
const bodies = {
  webhook: body("Webhook", { url: "https://hooks.example.com/dms" }),
  pagerduty: body("PagerDuty", {}, { routingKey: project }),
  sqs: body("SQS", { queueUrl: `https://sqs.eu-west-1.amazonaws.com/${account}/dms-tasks.fifo` }),
  sns: body("SNS", { topicArn: `arn:aws:sns:eu-west-1:${account}:dms-tasks` }),
  eventbridge: body("EventBridge", { bus: "operations" }),
  stepfunctions: body("Step Functions", {
    stateMachineArn: `arn:aws:states:eu-west-1:${account}:stateMachine:after-resize`,
  }),
  lambda: body("Lambda", { function: "after-task:live" }),
  kinesis: body("Kinesis", { stream: `arn:aws:kinesis:eu-west-1:${account}:stream/dms-tasks` }),
  smn: body("SMN", { topicUrn: `urn:smn:cn-north-4:${project}:dms-tasks` }),
  eventgrid: body("EventGrid", {
    region: "cn-north-4",
    projectId: project,
    channelId: "0d3c0a5e-6f5b-4a52-9f0e-2d1a5c6b7e8f",
    source: "dms-tasks",
  }),
  functiongraph: body("FunctionGraph", {
    functionUrn: `urn:fss:cn-north-4:${project}:function:default:after-task:latest`,
  }),
  github: body("GitHub", { repository: "acme/operations", token: key }),
  gitlab: body("GitLab", { project: "acme/operations", ref: "main" }, { token: key }),
} as const satisfies Partial<Record<SinkType, Previewed>>;

/** A type of sink that a preview can show. */
export type PreviewType = PlatformType | keyof typeof bodies;

/** Every type of sink that a preview can show. */
export const previewed: Readonly<Record<PreviewType, Previewed>> = { ...platforms, ...bodies };

/** All types of sinks that a preview can show. */
export const previewTypes = Object.keys(previewed).filter(isPreviewType);

/** Whether a preview can show sinks of this type. */
export function isPreviewType(type: string): type is PreviewType {
  return Object.hasOwn(platforms, type) || Object.hasOwn(bodies, type);
}
