import * as v from "valibot";
import { engines } from "../names.ts";
import { duration } from "./duration.ts";

const text = (expected: string) => v.pipe(v.string(expected), v.nonEmpty(expected));
const count = (least: number, most: number) => {
  const expected = `a whole number from ${least} to ${most}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(least, expected),
    v.maxValue(most, expected),
  );
};
const described = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(schema, v.description(description));

const credentials = v.union(
  [
    v.strictObject({
      ak: described(text("an access key"), "Access key."),
      sk: described(text("a secret key"), "Secret key."),
      securityToken: v.optional(described(text("a security token"), "Of temporary credentials.")),
    }),
    v.strictObject({ token: described(text("an IAM token"), "An IAM token, sent as X-Auth-Token.") }),
    v.strictObject({
      username: described(
        text("an IAM user name"),
        "IAM user that asks for tokens; they are renewed before they end.",
      ),
      password: described(text("its password"), "The IAM user's password."),
      domain: described(text("an account name"), "The account the user belongs to."),
    }),
  ],
  "{ ak, sk, securityToken? }, { token } or { username, password, domain }",
);

const startFrom = v.pipe(
  v.string("now, all or an ISO instant"),
  v.check(
    (value) =>
      value === "now" ||
      value === "all" ||
      (/^\d{4}-\d{2}-\d{2}T/.test(value) && !Number.isNaN(Date.parse(value))),
    "now, all or an ISO instant",
  ),
  v.transform((value): "now" | "all" | { readonly instantMs: number } =>
    value === "now" || value === "all" ? value : { instantMs: Date.parse(value) },
  ),
);

const timeZone = v.pipe(
  v.string("an IANA time zone such as UTC or Asia/Shanghai"),
  v.check(isTimeZone, "an IANA time zone such as UTC or Asia/Shanghai"),
);

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const httpUrl = v.pipe(
  v.string("an http or https URL"),
  v.check(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    "an http or https URL",
  ),
);

const source = v.strictObject({
  engine: described(v.picklist(engines, engines.join(", ")), "Which DMS engine the instances run."),
  region: described(text("a region such as cn-north-4"), "Region of the instances."),
  endpoint: v.optional(
    described(httpUrl, "API endpoint, where it is not `https://dms.{region}.myhuaweicloud.com`."),
  ),
  iamEndpoint: v.optional(
    described(httpUrl, "IAM endpoint for tokens, where it is not `https://iam.{region}.myhuaweicloud.com`."),
  ),
  projectId: described(text("a project id"), "Project of the instances."),
  instances: described(
    v.union(
      [v.literal("all"), v.pipe(v.array(text("an instance id")), v.minLength(1, "at least one instance id"))],
      'a list of instance ids, or "all"',
    ),
    "Instance ids, or `all` to watch whatever the project has.",
  ),
  credentials: v.optional(
    described(
      credentials,
      "Defaults to HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (CLOUD_SDK_AK and CLOUD_SDK_SK too).",
    ),
  ),
  startFrom: v.optional(
    described(startFrom, "Where a new stream begins: `now`, `all` or an ISO instant."),
    "now",
  ),
  lookback: v.optional(
    described(duration(), "How far behind the newest creation the window reaches, for tasks that show late."),
    "15m",
  ),
  maxOpenAge: v.optional(
    described(duration(), "An open task older than this leaves the window and is polled by its id."),
    "7d",
  ),
  overdue: v.optional(
    described(
      v.record(v.string(), duration()),
      "Task name to how long it may stay open before an `overdue` event; `*` for every other name.",
    ),
    {},
  ),
  timeZone: v.optional(described(timeZone, "Zone of begin_time and end_time."), "UTC"),
  pageSize: v.optional(described(count(1, 100), "Records asked for in one request."), 100),
  requestTimeout: v.optional(described(duration(), "Longest wait for one answer of the API."), "15s"),
});

const checkpoint = v.variant(
  "type",
  [
    v.strictObject({ type: v.literal("memory") }),
    v.strictObject({
      type: v.literal("file"),
      path: v.optional(described(text("a folder"), "Folder of the embedded store."), ".bridge"),
    }),
  ],
  "type memory or file",
);

const retry = v.strictObject({
  attemptsPerRun: v.optional(described(count(1, 20), "Attempts for one event in one run."), 3),
  initialDelay: v.optional(
    described(duration(), "Upper bound of the first wait; it doubles, with full jitter."),
    "500ms",
  ),
  maxDelay: v.optional(described(duration(), "The longest wait between two attempts."), "1h"),
  maxRetryAfter: v.optional(described(duration(), "The longest Retry-After that is obeyed."), "1h"),
  maxAttempts: v.optional(described(count(1, 1_000_000), "Overrides delivery.maxAttempts.")),
  maxAge: v.optional(described(duration(), "Overrides delivery.maxAge.")),
});

const delivery = v.strictObject({
  maxAttempts: v.optional(
    described(
      count(1, 1_000_000),
      "Attempts after which an event is given up; without it only its age counts.",
    ),
  ),
  maxAge: v.optional(described(duration(), "Age at which an undelivered event is given up."), "7d"),
  maxBacklog: v.optional(
    described(
      count(1, 1_000_000),
      "Events a sink may be owed in one stream; beyond that the oldest become dead letters.",
    ),
    1_000,
  ),
  concurrency: v.optional(described(count(1, 1_000), "Requests under way at once to one sink."), 8),
  timeBudget: v.optional(
    described(duration(), "How long one run may take; it also bounds how long a crashed run is waited for."),
    "30s",
  ),
});

/** What every sink's options share; the rest of a sink's options are its own module's schema. */
export const sinkCommon = v.object({
  filter: v.optional(
    described(v.record(v.string(), v.unknown()), "EventBridge event pattern; without it every event passes."),
  ),
  retry: v.optional(retry, {}),
  rate: v.optional(
    described(
      v.strictObject({ events: count(1, 1_000_000), per: duration() }),
      "At most so many events in each such span.",
    ),
  ),
});

export const configSchema = v.strictObject({
  sources: v.pipe(v.array(source), v.minLength(1, "at least one source")),
  checkpoint: v.optional(checkpoint, { type: "file" }),
  delivery: v.optional(delivery, {}),
  sinks: v.pipe(
    v.record(
      v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, "a name of letters, digits, - and _")),
      v.looseObject({ type: text("a sink type") }, "an object with a type"),
    ),
    v.minEntries(1, "at least one sink"),
  ),
});

/** The configuration as a user writes it. */
export type ConfigInput = v.InferInput<typeof configSchema>;
export type Config = v.InferOutput<typeof configSchema>;
export type SourceConfig = Config["sources"][number];
export type CredentialsConfig = NonNullable<SourceConfig["credentials"]>;
export type DeliveryConfig = Config["delivery"];
export type SinkCommon = v.InferOutput<typeof sinkCommon>;
export type RetryConfig = SinkCommon["retry"];
