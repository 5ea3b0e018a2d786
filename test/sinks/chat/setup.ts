import type { SinkDeps } from "../../../lib/sinks/sink.ts";
import type { Gateway, HttpSetup } from "../../contract/http.ts";
import type { Setup, Trial } from "../../contract/sink.ts";
import { freePort } from "../../services/server.ts";
import { sampleEvents } from "../sample.ts";
import {
  type ChatAnswering,
  type ChatType,
  chatTrial,
  platformTypes,
  secret,
  sinkAt,
  token,
} from "./platforms.ts";

/** The events whose tasks the messages name: a chat shows people no event ids. */
const idsIn = (text: string): readonly string[] =>
  sampleEvents(3).flatMap(({ id, subject }) => (text.includes(subject) ? [id] : []));

const trial =
  (type: ChatType, options: object, answering?: ChatAnswering, gateway?: Gateway) =>
  async (deps: SinkDeps): Promise<Trial> => {
    const { sink, heard } = await chatTrial(type, options, answering, deps, undefined, gateway);
    return { sink, arrived: () => heard.flatMap(({ text }) => idsIn(text)) };
  };

const nothing = async () => [];

const echo: ChatAnswering = ({ url, text }) => ({
  status: 400,
  body: JSON.stringify({ error: { code: "Bad", message: `${url.href} ${secret} ${text}\r\n\u001b[2J` } }),
});

/** How each platform refuses a robot that its operator must mend. */
const dismissals: Readonly<Record<ChatType, ChatAnswering>> = {
  slack: () => ({ status: 404, body: "no_service" }),
  slackapp: ({ headers }) => ({
    body: JSON.stringify({ ok: false, error: "invalid_auth", token: headers.authorization }),
  }),
  teams: () => ({ status: 400, body: JSON.stringify({ error: { code: "WorkflowTriggerIsNotEnabled" } }) }),
  discord: () => ({ status: 404, body: JSON.stringify({ message: "Unknown Webhook", code: 10015 }) }),
  telegram: ({ url }) => ({
    status: 403,
    body: JSON.stringify({
      ok: false,
      error_code: 403,
      description: `Forbidden: bot was kicked from the group chat ${url.pathname}`,
    }),
  }),
  feishu: ({ url }) => ({ body: JSON.stringify({ code: 19001, msg: `param invalid: ${url.pathname}` }) }),
  feishuapp: ({ headers }) => ({
    status: 400,
    body: JSON.stringify({ code: 230002, msg: `The bot can not be outside ${headers.authorization}` }),
  }),
  dingtalk: ({ url }) => ({
    body: JSON.stringify({ errcode: 310000, errmsg: `sign not match ${url.search}` }),
  }),
  wecom: ({ url }) => ({
    body: JSON.stringify({ errcode: 93000, errmsg: `invalid webhook url ${url.search}` }),
  }),
  googlechat: ({ url }) => ({
    status: 403,
    body: JSON.stringify({ error: { code: 403, message: `no ${url.search}`, status: "PERMISSION_DENIED" } }),
  }),
  mattermost: ({ url }) => ({
    status: 400,
    body: JSON.stringify({
      id: "web.incoming_webhook.invalid.app_error",
      message: `Invalid webhook ${url.pathname}.`,
    }),
  }),
};

const setup = (type: ChatType, options: object): Setup => ({
  working: trial(type, options),
  failing: {
    "an error that repeats the request": trial(type, options, echo),
    "a robot that its operator must mend": trial(type, options, dismissals[type]),
    throttling: trial(type, options, () => ({ status: 429, headers: { "retry-after": "1" } })),
    "a platform that never answers": trial(type, { timeout: "50ms", ...options }, () => ({ hang: true })),
    "a broken connection": trial(type, options, () => ({ reset: true })),
    "a redirect": trial(type, options, () => ({ status: 302, headers: { location: `/${token}` } })),
    "a refused connection": async (deps) => ({
      sink: sinkAt(type, `http://127.0.0.1:${await freePort()}`, options, deps),
      arrived: nothing,
    }),
    "an address that is not open": async (deps) => ({
      sink: sinkAt(type, "https://10.1.2.3", { allowPrivateNetwork: false, ...options }, deps),
      arrived: nothing,
    }),
  },
  secrets: ["feishu", "feishuapp", "dingtalk"].includes(type) ? [token, secret] : [token],
});

/** A platform behind a gateway. */
export const chatHttpSetup = (type: ChatType): HttpSetup => ({
  through: (gateway) => trial(type, {}, undefined, gateway),
});

/** One message a change. */
export const chatSetups = Object.fromEntries(
  platformTypes.map((type) => [type, setup(type, {})]),
) as Readonly<Record<ChatType, Setup>>;

/** Three changes in one message. */
export const digestSetups: readonly (readonly [string, Setup])[] = platformTypes.map((type) => [
  `${type}, in digests`,
  setup(type, { digestAbove: 1 }),
]);
