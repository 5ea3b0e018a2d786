import * as v from "valibot";
import { proxy, tls } from "../../options/connection.ts";
import { attemptTimeout, described, timeZone, wholeNumber } from "../../options/fields.ts";
import { Template, templateText } from "../../template/template.ts";
import { allowPrivateNetwork, url } from "../http/options.ts";
import { linkFields, maxLinkCharacters } from "./links.ts";
import { languages } from "./text.ts";

const linkExpectation = `an https URL of at most ${maxLinkCharacters} characters that names only ${linkFields.map((field) => `{${field}}`).join(", ")}`;
const link = v.pipe(
  v.string(linkExpectation),
  v.maxLength(maxLinkCharacters, linkExpectation),
  v.check(isLinkTemplate, linkExpectation),
);

function isLinkTemplate(template: string): boolean {
  const named = Array.from(template.matchAll(/\{(.*?)\}/g), ([, field]) => field);
  const filled = URL.parse(template.replace(/\{.*?\}/g, "x"));
  return filled?.protocol === "https:" && named.every((field) => linkFields.some((known) => known === field));
}

const maxPrefixCharacters = 40;
const prefixExpectation = `a text of at most ${maxPrefixCharacters} characters on one line`;

const template = v.pipe(
  templateText,
  v.transform((text) => new Template(text)),
);

const templates = v.strictObject({
  title: described(v.optional(template), "Liquid template that replaces the title."),
  body: described(v.optional(template), "Liquid template of lines that replace the facts."),
});

/** Options that every chat sink shares. */
export const chatEntries = {
  url: described(url, "The webhook's URL. A secret: messages show its origin only."),
  language: v.optional(
    described(v.picklist(languages, languages.join(", ")), "Language of the messages: English or Chinese."),
    "en",
  ),
  timeZone: v.optional(described(timeZone, "IANA time zone of the times shown."), "UTC"),
  titlePrefix: v.optional(
    described(
      v.pipe(
        v.string(prefixExpectation),
        v.maxLength(maxPrefixCharacters, prefixExpectation),
        v.regex(/^\P{C}*$/u, prefixExpectation),
      ),
      "Text before every title, such as `[prod] `.",
    ),
    "",
  ),
  links: v.optional(
    described(
      v.pipe(v.record(v.string(), link), v.maxEntries(5, "at most five links")),
      "Links by label; a URL may hold `{engine}`, `{region}`, `{project}`, `{instance}`, `{task}`, `{name}`. By default a link to Huawei Cloud's console.",
    ),
  ),
  template: v.optional(described(templates, "Templates for the messages of changes."), {}),
  digestAbove: v.optional(
    described(
      wholeNumber(1, 100),
      "Number of changes at once up to which each gets a message; more become one digest.",
    ),
    3,
  ),
  timeout: described(
    v.optional(attemptTimeout, "15s"),
    "Time limit of one message, from connecting to the end of the response.",
  ),
  allowPrivateNetwork,
  tls,
  proxy,
};

/** API base URL, used in place of `url` when a bot posts through its platform's API. */
export const apiUrl = (initial: string) =>
  v.optional(described(url, "Base URL of the platform's API."), initial);

/** The URL of an API's resource. */
export const apiResource = (api: string, path: string): URL => new URL(`${api.replace(/\/+$/, "")}/${path}`);

const chatObject = v.object(chatEntries);
/** Checked options that every chat sink shares. */
export type ChatOptions = v.InferOutput<typeof chatObject>;
