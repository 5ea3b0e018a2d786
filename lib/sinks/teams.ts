import { fieldsOf, parseJson } from "../text/json.ts";
import type { Card, Tone } from "./chat/card.ts";
import { blocked, type CodeMeanings, codeOf, codeResult, textOf } from "./chat/code-result.ts";
import { fitted } from "./chat/fit.ts";
import { chatModule } from "./chat/module.ts";
import { chatEntries } from "./chat/options.ts";
import { utf8Bytes } from "./chat/sanitize.ts";
import { words } from "./chat/text.ts";
import { urlSchema } from "./http/url-schema.ts";

/** Posts an Adaptive Card to a Teams workflow. Accepted means queued: the workflow does not report its outcome. */
export const { schema, create } = chatModule(urlSchema(chatEntries), (options) => {
  const url = new URL(options.url);
  return {
    request: (card) => ({
      url,
      body: fitted(card, words[options.language], teamsBody, (body) => utf8Bytes(body) <= maxBytes),
    }),
    toResult: (response, context) => {
      const error = fieldsOf(fieldsOf(parseJson(response.body))["error"]);
      const code = codeOf(error["code"]);
      // Only this status means acceptance; another success does not come from the workflow.
      const isStarted = code === null && response.status === startedStatus;
      const reply = { code: isStarted ? started : code, message: textOf(error["message"]) };
      return codeResult(response, reply, { success: started, codes }, context);
    },
    secrets: [],
  };
});

// https://learn.microsoft.com/azure/logic-apps/logic-apps-http-endpoint: without a Response action the trigger responds with 202.
const startedStatus = 202;
const started = "started";

// Teams checks its 28 KB limit after the 202, on a form about 18 % larger than the request.
const maxBytes = 20_000;

const colours: Readonly<Record<Tone, string>> = {
  running: "accent",
  success: "good",
  failure: "attention",
  attention: "warning",
  quiet: "default",
};

/** The card as JSON. Text runs show text unformatted; text blocks and fact sets would parse Markdown. */
export function teamsBody(card: Card): string {
  const { glyph, title, subtitle, transition, facts, links, footer } = card;
  const body = [
    rich([run(`${glyph} ${title}`, { size: "large", weight: "bolder", color: colours[card.tone] })]),
    rich([run(subtitle, { isSubtle: true })], "none"),
    ...(transition === "" ? [] : [rich([run(transition, { weight: "bolder" })])]),
    ...card.body.map((line, index) => rich([run(line)], index === 0 ? "medium" : "small")),
    ...facts.map(({ label, value }, index) =>
      rich([run(`${label}  `, { isSubtle: true }), run(value)], index === 0 ? "medium" : "small"),
    ),
    ...(footer === "" ? [] : [rich([run(footer, { size: "small", isSubtle: true })], "medium")]),
  ];
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    msteams: { width: "Full" },
    body,
    actions: links.map(({ label, url }) => ({ type: "Action.OpenUrl", title: label, url })),
  };
  return JSON.stringify({
    type: "message",
    attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content }],
  });
}

const rich = (inlines: readonly object[], spacing = "small") => ({ type: "RichTextBlock", spacing, inlines });

/** Breaks double braces, which would begin a date function. */
const run = (text: string, style: object = {}) => ({
  type: "TextRun",
  text: text.replace(/\{(?=\{)/g, "{ "),
  ...style,
});

/** https://learn.microsoft.com/azure/logic-apps/logic-apps-http-endpoint and the error reference of Power Automate */
const codes: CodeMeanings = new Map([
  ["WorkflowTriggerIsNotEnabled", blocked("gone", "the workflow is switched off")],
  ["WorkflowNotFound", blocked("gone", "the workflow was removed")],
  ["DirectApiAuthorizationRequired", blocked("unauthorized", "the workflow does not let anyone trigger it")],
  // The template's workflow has no schema: a workflow with one refuses every message.
  ["TriggerInputSchemaMismatch", blocked("rejected", "the workflow's trigger has a schema: remove it")],
]);
