import * as v from "valibot";
import { proxy } from "../../options/connection.ts";
import { described, httpUrl, requestTimeout } from "../../options/fields.ts";

const regionExpectation = "an AWS region such as eu-west-1";

/** Options that every AWS sink has. */
export const awsEntries = {
  region: described(
    v.optional(v.pipe(v.string(regionExpectation), v.regex(/^[a-z]{2}(-[a-z0-9]+)+$/, regionExpectation))),
    "AWS region; by default the one in the target's ARN or URL, or AWS_REGION.",
  ),
  endpoint: described(v.optional(httpUrl), "The service's endpoint: a VPC endpoint or an emulator."),
  timeout: requestTimeout("10s"),
  proxy,
};

/** Schema of an ARN of one service, or of text that `others` matches; `resource` is the part after the account. */
export function arnField(service: string, resource: string, expectation: string, others = "(?!)") {
  const arn = `arn:aws[a-z-]*:${service}:[a-z0-9-]+:\\d{12}:${resource}`;
  return v.pipe(v.string(expectation), v.regex(new RegExp(`^(?:${arn}|${others})$`), expectation));
}

/** The region in an ARN; undefined when the text is not an ARN. */
export const arnRegion = (text: string): string | undefined => /^arn:[^:]+:[^:]+:([^:]+):/.exec(text)?.[1];
