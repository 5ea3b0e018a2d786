import { createHmac } from "node:crypto";
import * as v from "valibot";
import { described } from "../options/fields.ts";
import { fieldsOf, parseJson } from "../text/json.ts";
import {
  blocked,
  type CodeMeanings,
  codeOf,
  codeResult,
  permanent,
  retry,
  textOf,
} from "./chat/code-result.ts";
import { feishuCard, hasRoom } from "./chat/feishu-card.ts";
import { fitted } from "./chat/fit.ts";
import { chatModule } from "./chat/module.ts";
import { chatEntries } from "./chat/options.ts";
import { utf8Bytes } from "./chat/sanitize.ts";
import { words } from "./chat/text.ts";
import { urlSchema } from "./http/url-schema.ts";

const secretExpectation = "the robot's signature secret";
/** Posts an interactive card to a custom robot of Feishu or Lark. */
export const { schema, create } = chatModule(
  urlSchema(
    {
      ...chatEntries,
      secret: v.optional(
        described(
          v.pipe(v.string(secretExpectation), v.nonEmpty(secretExpectation)),
          "The robot's secret, if its signature verification is on.",
        ),
      ),
    },
    {
      host: /(^|\.)(feishu\.cn|larksuite\.com)$/,
      path: /^\/open-apis\/bot\/v2\/hook\//,
      expectation:
        "the URL of a custom bot (/open-apis/bot/v2/hook/…); a flow's trigger takes no such messages",
    },
  ),
  (options) => {
    const url = new URL(options.url);
    const { secret } = options;
    return {
      request: (card, nowMs) => {
        const content = fitted(card, words[options.language], feishuCard, isSmall);
        const guard = secret === undefined ? {} : signed(secret, Math.floor(nowMs / 1_000));
        return { url, body: JSON.stringify({ ...guard, msg_type: "interactive", card: content }) };
      },
      toResult: (response, context) => {
        const { code, msg, StatusCode } = fieldsOf(parseJson(response.body));
        const reply = { code: codeOf(code) ?? codeOf(StatusCode), message: textOf(msg) };
        return codeResult(response, reply, { success: "0", codes }, context);
      },
      secrets: secret === undefined ? [] : [secret],
    };
  },
);

/** Feishu signs an empty message with the text as the key; DingTalk signs the text with the secret as the key. */
export function signed(secret: string, timestampSeconds: number): { timestamp: string; sign: string } {
  const sign = createHmac("sha256", `${timestampSeconds}\n${secret}`).digest("base64");
  return { timestamp: String(timestampSeconds), sign };
}

// A request holds 20 KB, including the signature and the card's envelope.
const maxCardBytes = 19_000;
function isSmall(card: object): boolean {
  const json = JSON.stringify(card);
  return hasRoom(json) && utf8Bytes(json) <= maxCardBytes;
}

/** https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
const codes: CodeMeanings = new Map([
  ["9499", permanent("rejected", "Feishu cannot read the message, or it is too large")],
  ["11232", retry("throttled", "too many messages; full and half hours are the worst", 30_000)],
  ["99991400", retry("throttled", "too many messages", 30_000)],
  ["11246", permanent("rejected", "Feishu cannot make the card")],
  ["19002", permanent("rejected", "Feishu finds a field of the message wrong")],
  ["19007", blocked("gone", "the robot is switched off")],
  ["19001", blocked("unauthorized", "the robot's URL is not valid")],
  ["19021", blocked("unauthorized", "the signature is wrong: check the secret and this machine's clock")],
  ["19022", blocked("unauthorized", "this address is not on the robot's list")],
  ["19024", blocked("unauthorized", "the robot wants a keyword: put it into titlePrefix")],
]);
