import * as v from "valibot";
import { isCidr } from "../../net/address-guard.ts";
import { proxy, tls } from "../../options/connection.ts";
import { described, requestTimeout, wholeNumber } from "../../options/fields.ts";
import { Template, templateText } from "../../template/template.ts";
import { parseSigningKey, secretExpectation } from "./standard-webhooks.ts";

/** Describes a valid `url` of a sink. */
export const urlExpectation = "an https URL without user and password; http only with allowPrivateNetwork";

/** Schema of a receiver's URL. */
export const url = v.pipe(
  v.string(urlExpectation),
  v.check((text) => isWebhookUrl(text), urlExpectation),
);

function isWebhookUrl(text: string): boolean {
  const parsed = URL.parse(text);
  return (
    parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === "" && parsed.password === ""
  );
}

const secret = v.pipe(
  v.string(secretExpectation),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const key = parseSigningKey(dataset.value);
    if (key) return key;
    addIssue({ message: secretExpectation });
    return NEVER;
  }),
);

const ownHeaders =
  /^(connection|content-.*|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|webhook-.*|ce-.*)$/;
const headerName = v.pipe(
  v.string(),
  v.regex(/^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/, "a header name"),
  v.toLowerCase(),
  v.check((name) => !ownHeaders.test(name), "a header that the sink does not set itself"),
);
const valueExpectation = "printable ASCII, without line breaks";
const headerText = v.pipe(
  v.string(valueExpectation),
  v.trim(),
  v.regex(/^[\x20-\x7e\t]*$/, valueExpectation),
);

/** Schema of the headers that a configuration adds to every request. */
export const headers = v.optional(
  described(v.record(headerName, headerText), "Headers sent with every request, such as `authorization`."),
  {},
);

/** Schema of the networks that a sink may connect to besides public ones. */
export const allowPrivateNetwork = v.optional(
  described(
    v.union(
      [v.boolean(), v.array(v.pipe(v.string(), v.check(isCidr, "a CIDR range such as 10.20.0.0/16")))],
      "true, false or a list of CIDR ranges",
    ),
    "Allows loopback and private networks, or only the listed ranges, and plain http there.",
  ),
  false,
);

/** The receiver's batch limit, bytes. Every CloudEvents consumer should accept 64 KiB. */
const batch = v.strictObject({
  maxEvents: v.optional(described(wholeNumber(1, 10_000), "Events in one request."), 100),
  maxBytes: v.optional(described(wholeNumber(1_024, 16_777_216), "Bytes of one request's body."), 65_536),
});

const typeExpectation = "a media type such as application/json";
const mediaType = v.pipe(
  v.string(typeExpectation),
  v.regex(/^[\w.+-]+\/[\w.+-]+(;[\x20-\x7e]*)?$/, typeExpectation),
);
const isJson = (type: string): boolean => /^application\/([\w.-]+\+)?json(;|$)/i.test(type);

/** Schema of a sink of type `webhook`. */
export const webhookSchema = v.pipe(
  v.strictObject({
    url: described(url, "URL to POST to. A secret: messages show its origin only."),
    mode: v.optional(
      described(
        v.picklist(["structured", "binary", "batch"], "structured, binary or batch"),
        "CloudEvents content mode. Use `batch` only for a receiver that asked for it.",
      ),
      "structured",
    ),
    batch: v.optional(described(batch, "Limits of a request in mode `batch`."), {}),
    body: v.optional(
      described(
        templateText,
        "Liquid template of the request's body, in place of the event; excludes `mode`.",
      ),
    ),
    contentType: v.optional(
      described(mediaType, "Content type of what `body` makes. For a JSON type, every result must be JSON."),
      "application/json",
    ),
    secret: described(v.optional(secret), "Signs deliveries (Standard Webhooks): `whsec_…` or `whsk_…`."),
    secrets: v.optional(
      described(
        v.pipe(
          v.array(secret),
          v.minLength(1, "at least one secret"),
          v.maxLength(10, "at most ten secrets"),
        ),
        "Several secrets during a rotation, newest first; instead of `secret`.",
      ),
    ),
    headers,
    timeout: requestTimeout("15s"),
    allowPrivateNetwork,
    tls,
    proxy,
  }),
  v.forward(
    v.partialCheck(
      [["url"], ["allowPrivateNetwork"]],
      ({ url, allowPrivateNetwork }) =>
        URL.parse(url)?.protocol !== "http:" ||
        (allowPrivateNetwork !== false && allowPrivateNetwork !== undefined),
      urlExpectation,
    ),
    ["url"],
  ),
  v.forward(
    v.partialCheck(
      [["secret"], ["secrets"]],
      ({ secret, secrets }) => secret === undefined || secrets === undefined,
      "either secret or secrets",
    ),
    ["secrets"],
  ),
  v.forward(
    v.partialCheck(
      [["body"], ["mode"]],
      ({ body, mode }) => body === undefined || mode === "structured",
      "no mode beside a body, which no CloudEvents mode describes",
    ),
    ["mode"],
  ),
  v.transform(({ body, ...options }) => ({
    ...options,
    body: body === undefined ? null : new Template(body, isJson(options.contentType) ? "json" : "text"),
  })),
);

/** Checked options of a sink of type `webhook`. */
export type WebhookOptions = v.InferOutput<typeof webhookSchema>;
