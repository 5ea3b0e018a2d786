import * as v from "valibot";
import type { SinkName } from "../core/names.ts";
import { described, filledText, wholeNumber } from "../options/fields.ts";
import { awsEntries } from "./aws/options.ts";
import { fitted } from "./chat/fit.ts";
import { chatEntries } from "./chat/options.ts";
import { cardSink, type Messenger } from "./chat/post.ts";
import { words } from "./chat/text.ts";
import { mailContent } from "./mail/content.ts";
import { mailMessageOf } from "./mail/message.ts";
import { sesCarrier } from "./mail/ses.ts";
import { smtpCarrier } from "./mail/smtp.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const addressExpectation = "a mail address such as ops@example.com";
const address = v.pipe(
  v.string(addressExpectation),
  v.regex(/^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*$/i, addressExpectation),
);

const hostExpectation = "a host name or address";
const loginExpectation = "user and password together, and only with TLS";

const smtp = v.pipe(
  v.strictObject({
    host: described(
      v.pipe(v.string(hostExpectation), v.regex(/^[\w.:-]+$/, hostExpectation)),
      "Host name or address of the mail server.",
    ),
    port: described(
      v.optional(wholeNumber(1, 65_535)),
      "Port; by default 587 with `starttls`, 465 with `tls`, 25 with `none`.",
    ),
    security: v.optional(
      described(
        v.picklist(["starttls", "tls", "none"], "starttls, tls or none"),
        "`starttls` and `tls` send nothing without TLS; `none` sends in the clear.",
      ),
      "starttls",
    ),
    user: described(v.optional(filledText("a user name")), "User, if the server asks for a login."),
    password: described(v.optional(filledText("a password")), "The user's password, a secret."),
    ca: described(
      v.optional(filledText("a certificate in PEM")),
      "Authority that signed the server's certificate, in PEM, if it is not a public one.",
    ),
  }),
  v.check(
    ({ user, password, security }) =>
      (user === undefined) === (password === undefined) && (user === undefined || security !== "none"),
    loginExpectation,
  ),
);

const { region, endpoint, proxy } = awsEntries;
const ses = v.strictObject({
  region,
  endpoint,
  proxy,
  configurationSet: described(v.optional(filledText("a name")), "Name of an SES configuration set."),
});

const { language, timeZone, titlePrefix, links, template, digestAbove, timeout } = chatEntries;

/** Schema of the options of a sink of type `email`. */
export const schema = v.pipe(
  v.strictObject({
    from: described(address, "Sender's address."),
    to: described(
      v.pipe(
        v.array(address),
        v.minLength(1, "at least one address"),
        v.maxLength(50, "at most 50 addresses"),
      ),
      "Recipients, 1 to 50; each sees the others.",
    ),
    smtp: described(v.optional(smtp), "Sends by a mail server."),
    ses: described(v.optional(ses), "Sends by Amazon SES instead, with AWS's access key."),
    language,
    timeZone,
    titlePrefix,
    links,
    template,
    digestAbove,
    timeout,
  }),
  v.forward(
    v.partialCheck(
      [["smtp"], ["ses"]],
      (options) => (options.smtp === undefined) !== (options.ses === undefined),
      "either smtp or ses",
    ),
    ["smtp"],
  ),
);

/** Checked options of a sink of type `email`. */
export type EmailOptions = v.InferOutput<typeof schema>;

/** Mails a card for each change, one thread per task; a digest when many changes come at once. */
export function create(name: SinkName, options: EmailOptions, deps: SinkDeps): Sink {
  const world = { ...deps, timeoutMs: options.timeout };
  const carrier = options.smtp ? smtpCarrier(options.smtp, world) : sesCarrier(options.ses ?? {}, world);
  const text = words[options.language];

  const send: Messenger["send"] = async (card, events, call) => {
    const content = fitted(
      card,
      text,
      (form) => mailContent(form, text),
      () => true,
    );
    return carrier.carry(await mailMessageOf(content, events, options, deps.clock.now()), call);
  };

  return cardSink(name, options, { send, close: carrier.close });
}
