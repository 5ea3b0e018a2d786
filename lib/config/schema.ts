import * as v from "valibot";
import { engines } from "../core/names.ts";
import { proxy, tls } from "../options/connection.ts";
import { duration, positiveDuration } from "../options/duration.ts";
import {
  wholeNumber as count,
  described,
  headerText as header,
  httpUrl,
  identifier,
  filledText as text,
  timeZone,
} from "../options/fields.ts";
import { certificates, postgresUrl, schemaName } from "../options/postgres-url.ts";
import { bucketCheckpoint } from "./bucket-schema.ts";
import { events } from "./events-schema.ts";
import { heartbeat, unreadableAfter } from "./heartbeat-schema.ts";
import { journal } from "./journal-schema.ts";
import { fleet, polling } from "./polling-schema.ts";

const credentials = v.union(
  [
    v.strictObject({
      ak: described(header("an access key"), "Access key."),
      sk: described(header("a secret key"), "Secret key."),
      securityToken: v.optional(
        described(header("a security token"), "Security token of temporary credentials."),
      ),
    }),
    v.strictObject({ token: described(header("an IAM token"), "An IAM token, sent as X-Auth-Token.") }),
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

const startFromExpectation = "now, all or an ISO instant such as 2026-01-31T00:00:00Z";
const startFrom = v.pipe(
  v.string(startFromExpectation),
  v.regex(
    /^(now|all|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))$/,
    startFromExpectation,
  ),
  v.check((value) => value === "now" || value === "all" || isOnCalendar(value), "a day of the calendar"),
  v.transform((value): "now" | "all" | { readonly instantMs: number } =>
    value === "now" || value === "all" ? value : { instantMs: Date.parse(value) },
  ),
);

/** Rejects dates such as 30 February, which Date.parse moves into March. */
function isOnCalendar(instant: string): boolean {
  const day = instant.slice(0, 10);
  const midnightMs = Date.parse(`${day}T00:00:00Z`);
  return (
    !Number.isNaN(midnightMs) &&
    new Date(midnightMs).toISOString().startsWith(day) &&
    !Number.isNaN(Date.parse(instant))
  );
}

const sourceFields = v.strictObject({
  engine: described(v.picklist(engines, engines.join(", ")), "Which DMS engine the instances run."),
  region: described(identifier("a region such as cn-north-4"), "Region of the instances."),
  endpoint: v.optional(
    described(httpUrl, "API endpoint, if it is not `https://dms.{region}.myhuaweicloud.com`."),
  ),
  iamEndpoint: v.optional(
    described(httpUrl, "IAM endpoint for tokens, if it is not `https://iam.{region}.myhuaweicloud.com`."),
  ),
  projectId: described(identifier("a project id"), "Project of the instances."),
  instances: described(
    v.union(
      [
        v.literal("all"),
        v.pipe(v.array(identifier("an instance id")), v.minLength(1, "at least one instance id")),
      ],
      'a list of instance ids, or "all"',
    ),
    "Instance ids, or `all` instances of the project.",
  ),
  credentials: v.optional(
    described(
      credentials,
      "Access key; by default HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or CLOUD_SDK_AK and CLOUD_SDK_SK.",
    ),
  ),
  startFrom: v.optional(
    described(startFrom, "Starting point of a new stream: `now`, `all` or an ISO instant."),
    "now",
  ),
  lookback: v.optional(
    described(
      duration(),
      "How far the window reaches behind the newest creation, for tasks that appear late.",
    ),
    "15m",
  ),
  maxOpenAge: v.optional(
    described(duration(), "An open task older than this leaves the window and is polled by its id."),
    "7d",
  ),
  overdue: v.optional(
    described(
      v.record(v.string(), duration()),
      "Time limit per task name before an `overdue` event; `*` for every other name.",
    ),
    {},
  ),
  unreadableAfter,
  timeZone: v.optional(described(timeZone, "Time zone of the API's begin_time and end_time."), "UTC"),
  pageSize: v.optional(described(count(1, 100), "Records per request."), 100),
  requestTimeout: v.optional(described(positiveDuration(), "Time limit of one API response."), "15s"),
  tls,
  proxy,
});

const iamExpectation = "an https URL where a password is sent to it; http to this machine alone";

const source = v.pipe(
  sourceFields,
  v.forward(
    v.partialCheck(
      [["credentials"], ["iamEndpoint"]],
      ({ credentials, iamEndpoint }) =>
        iamEndpoint === undefined ||
        credentials === undefined ||
        !("password" in credentials) ||
        isPrivateTo(iamEndpoint),
      iamExpectation,
    ),
    ["iamEndpoint"],
  ),
);

/** Whether traffic to the URL cannot be read on the way. */
function isPrivateTo(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

const checkpoint = v.variant(
  "type",
  [
    v.strictObject({
      type: described(v.literal("memory"), "Kept in memory and lost when the process ends."),
    }),
    v.strictObject({
      type: described(v.literal("file"), "An embedded store, for one machine."),
      path: v.optional(described(text("a folder"), "Folder of the embedded store."), ".bridge"),
    }),
    v.strictObject({
      type: described(
        v.literal("dynamodb"),
        "A table on AWS with the key `pk` and `sk` (texts) and the index `activity`, as the stack creates it.",
      ),
      table: described(text("a table name"), "Name of the table."),
      region: v.optional(
        described(identifier("an AWS region"), "Region of the table; by default AWS_REGION."),
      ),
      endpoint: v.optional(described(httpUrl, "DynamoDB's endpoint, if it is not the region's.")),
    }),
    v.strictObject({
      type: described(v.literal("postgres"), "A schema of a PostgreSQL database, version 12 or later."),
      url: described(
        postgresUrl,
        "The database: `postgres://user:password@host:5432/database`. `?sslmode=` is `verify-full` (the default), `verify-ca`, `require` (TLS without a check of the server) or `disable`.",
      ),
      password: v.optional(described(text("a password"), "Password, instead of the URL's.")),
      ca: v.optional(
        described(certificates, "Authorities to trust instead of the system's: PEM text, not a path."),
      ),
      schema: v.optional(
        described(schemaName, "Schema of the tables; created with them if missing."),
        "dms_task_bridge",
      ),
    }),
    bucketCheckpoint,
  ],
  "memory, file, dynamodb, postgres or bucket",
);

const retry = v.strictObject({
  attemptsPerRun: v.optional(described(count(1, 20), "Attempts for one event in one run."), 3),
  initialDelay: v.optional(
    described(duration(), "Upper bound of the first wait; it doubles, with full jitter."),
    "500ms",
  ),
  maxDelay: v.optional(described(duration(), "Longest wait between two attempts."), "1h"),
  maxRetryAfter: v.optional(described(duration(), "Longest Retry-After that is obeyed."), "1h"),
  maxAttempts: v.optional(described(count(1, 1_000_000), "Overrides delivery.maxAttempts.")),
  maxAge: v.optional(described(duration(), "Overrides delivery.maxAge.")),
});

const delivery = v.strictObject({
  maxAttempts: v.optional(
    described(
      count(1, 1_000_000),
      "Attempts after which a delivery becomes a dead letter; by default only its age counts.",
    ),
  ),
  maxAge: v.optional(described(duration(), "Age at which an undelivered event becomes a dead letter."), "7d"),
  deadLetterMaxAge: v.optional(
    described(positiveDuration(), "Age at which a dead letter is deleted; the log warns beforehand."),
    "30d",
  ),
  maxBacklog: v.optional(
    described(count(1, 1_000_000), "Events that wait for a sink in a stream's record; more wait beside it."),
    10_000,
  ),
  concurrency: v.optional(described(count(1, 1_000), "Concurrent requests to one sink."), 8),
  timeBudget: v.optional(
    described(
      positiveDuration(),
      "Time limit of a run's deliveries, once its tasks are read, and so of the wait for a crashed run.",
    ),
    "30s",
  ),
});

/** Options that every sink shares; its own options are in its module's schema. */
export const sinkCommon = v.object({
  filter: v.optional(
    described(
      v.record(v.string(), v.unknown(), "an event pattern"),
      "EventBridge event pattern; without it every event passes.",
    ),
  ),
  retry: v.optional(described(retry, "How deliveries to this sink are retried."), {}),
  rate: v.optional(
    described(
      v.strictObject({
        events: described(count(1, 1_000_000), "Number of events (messages, for chat)."),
        per: described(duration(), "Interval that they are counted in."),
      }),
      "Maximum events (messages, for chat) per interval.",
    ),
  ),
});

const sinkNameExpectation = "a name of letters, digits, - and _ that begins with a letter";
// A list would parse as a record of sinks named 0, 1, 2, so a name must begin with a letter.
const sinkNameText = v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, sinkNameExpectation));

/** Schema of the configuration, without the sinks' own options. */
export const configSchema = v.strictObject({
  $schema: v.optional(described(v.string("a JSON Schema"), "JSON Schema of this file, for editors.")),
  sources: described(
    v.pipe(v.array(source, "a list of sources"), v.minLength(1, "at least one source")),
    "The instances to watch, by engine, region and project.",
  ),
  checkpoint: v.optional(described(checkpoint, "Where the durable record of each stream is kept."), {
    type: "file",
  }),
  polling: v.optional(described(polling, "How streams with open tasks are followed between two runs."), {}),
  delivery: v.optional(described(delivery, "Limits of every sink and of one run."), {}),
  journal: v.optional(
    described(journal, "Log of events and delivery attempts, for `task`, `events` and `replay`."),
    {},
  ),
  events: v.optional(described(events, "What events carry besides the change."), {}),
  fleet: v.optional(described(fleet, "How the functions of a fleet share the streams."), {}),
  heartbeat,
  sinks: described(
    v.pipe(
      v.record(sinkNameText, v.looseObject({ type: text("a sink type") }), "sinks by their names"),
      v.minEntries(1, "at least one sink"),
    ),
    "Where events go, by a name of your choice.",
  ),
});

/** The configuration as a user writes it, before defaults. */
export type ConfigInput = v.InferInput<typeof configSchema>;
/** A checked configuration, with defaults. */
export type Config = v.InferOutput<typeof configSchema>;
/** One checked source. */
export type SourceConfig = Config["sources"][number];
/** Checked credentials of a source. */
export type CredentialsConfig = NonNullable<SourceConfig["credentials"]>;
/** Checked delivery options. */
export type DeliveryConfig = Config["delivery"];
/** Checked options of polling. */
export type PollingConfig = Config["polling"];
/** Checked options of a fleet. */
export type FleetConfig = Config["fleet"];
/** Checked options that every sink shares. */
export type SinkCommon = v.InferOutput<typeof sinkCommon>;
