import type { SinkType } from "../sinks/index.ts";
import type { Drawing } from "./drawing.ts";
import { dingtalk } from "./platforms/dingtalk.ts";
import { discord } from "./platforms/discord.ts";
import { feishu } from "./platforms/feishu.ts";
import { slack } from "./platforms/slack.ts";
import { teams } from "./platforms/teams.ts";
import { wecom } from "./platforms/wecom.ts";

/** A chat product as a preview shows it. */
export interface Platform {
  readonly title: string;
  /** What a sink of this type needs beside what all have, made up. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly drawing: Drawing;
}

/** Every chat sink. A new one needs its row here, and then `npm run cards`. */
export const platforms = {
  slack: {
    title: "Slack",
    options: { url: "https://hooks.slack.com/services/T000/B000/xxxx" },
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
  feishu: {
    title: "Feishu and Lark",
    options: { url: "https://open.feishu.cn/open-apis/bot/v2/hook/xxxx", secret: "a-secret-of-the-robot" },
    drawing: feishu,
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
} as const satisfies Partial<Record<SinkType, Platform>>;

export type PlatformType = keyof typeof platforms;

export const platformTypes = Object.keys(platforms).filter(isPlatformType);

export function isPlatformType(type: string): type is PlatformType {
  return Object.hasOwn(platforms, type);
}
