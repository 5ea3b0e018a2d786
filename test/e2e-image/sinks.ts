import type { SinkType } from "../../lib/sinks/index.ts";
import type { Service } from "../contract/service.ts";
import { mapValues, services } from "../sinks/services.ts";

/** A port of this machine at which nobody listens. */
const nobody = "127.0.0.1:1";
const url = `http://${nobody}`;
const hook = { url, allowPrivateNetwork: true };
const platform = { ...hook, token: "a-token" };

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
  ...mapValues(services, ({ options, at }: Service) => ({ ...options, ...at(url) })),
  email: {
    from: "bridge@example.com",
    to: ["ops@example.com"],
    smtp: { host: "127.0.0.1", port: 1, security: "none" },
  },
  rabbitmq: { url: `amqp://${nobody}`, exchange: "tasks" },
  kafka: { brokers: [nobody], topic: "tasks" },
  nats: { servers: [nobody] },
  redis: { url: `redis://${nobody}`, stream: "tasks" },
  mqtt: { url: `mqtt://${nobody}` },
} as const satisfies Readonly<Record<Exclude<SinkType, "file" | "console" | "custom">, object>>;
