import { Agent } from "undici";
import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { CallOptions } from "../clock.ts";
import { attemptTimeout, described, httpUrl } from "../config/fields.ts";
import { accessKeyIn } from "../huawei/access-key.ts";
import { regionalEndpoint } from "../huawei/endpoint.ts";
import { encodePath, sign } from "../huawei/sign.ts";
import { parseJson } from "../json.ts";
import type { SinkName } from "../names.ts";
import { type Answer, answerResult } from "./answer.ts";
import { oneLine } from "./detail.ts";
import { post } from "./http.ts";
import type { DeliveryResult, Sink, SinkDeps } from "./sink.ts";

const urnExpectation = "a topic's URN such as urn:smn:cn-north-4:0123456789abcdef0123456789abcdef:dms-tasks";
const text = (expected: string) => v.pipe(v.string(expected), v.nonEmpty(expected));

export const schema = v.strictObject({
  topicUrn: described(
    v.pipe(v.string(urnExpectation), v.regex(/^urn:smn:[a-z0-9-]+:[\w-]+:[\w-]{1,255}$/, urnExpectation)),
    "The topic.",
  ),
  credentials: described(
    v.optional(
      v.strictObject({
        ak: described(text("an access key"), "Access key."),
        sk: described(text("a secret key"), "Secret key."),
        securityToken: v.optional(described(text("a security token"), "Of temporary credentials.")),
      }),
    ),
    "Defaults to HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (CLOUD_SDK_AK and CLOUD_SDK_SK too).",
  ),
  endpoint: described(v.optional(httpUrl), "Where it is not `https://smn.{region}.myhuaweicloud.com`."),
  timeout: described(
    v.optional(attemptTimeout, "10s"),
    "For one attempt, from connecting to the end of the answer.",
  ),
});

export type SmnOptions = v.InferOutput<typeof schema>;

/** Publishes each event to a topic of Huawei Cloud's notification service, signed with an access key. */
export function create(name: SinkName, options: SmnOptions, deps: SinkDeps): Sink {
  const [, , region = "", projectId = ""] = options.topicUrn.split(":");
  const endpoint = new URL(options.endpoint ?? regionalEndpoint("smn", region));
  const path = `${endpoint.pathname.replace(/\/$/, "")}/v2/${projectId}/notifications/topics/${options.topicUrn}/publish`;
  const url = new URL(encodePath(path), endpoint);
  const key = options.credentials ?? accessKeyIn(deps.environment);
  const secrets = [key?.sk ?? "", key?.securityToken ?? ""];
  const agent = new Agent({ allowH2: false });
  let closing: Promise<void> | null = null;

  const publish = async (event: CloudEvent, call: CallOptions): Promise<DeliveryResult> => {
    if (!key) return noKey;
    const nowMs = deps.clock.now();
    const body = JSON.stringify({ subject: subjectOf(event), message: JSON.stringify(event) });
    const headers = { host: url.host, "content-type": "application/json" };
    const signed = sign({ method: "POST", path, query: [], headers, body }, key, nowMs);
    const request = { url, headers: { ...headers, ...signed }, body, timeoutMs: options.timeout };
    const outcome = await post(agent, request, call);
    if (outcome.kind !== "answer") return outcome;
    const result = answerResult(outcome, { origin: url.origin, secrets, nowMs });
    return result.kind === "accepted" && !hasMessageId(outcome) ? notPublished(url.origin) : result;
  };

  return {
    name,
    batch: { maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER },
    deliver: (events, call) => Promise.all(events.map((event) => publish(event, call))),
    close: async () => {
      closing ??= agent.close();
      await closing;
    },
  };
}

const noKey: DeliveryResult = {
  kind: "blocked",
  reason: "unauthorized",
  detail: "no access key: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
};

const notPublished = (origin: string): DeliveryResult => ({
  kind: "retry",
  reason: "server_error",
  detail: `${origin}: an answer without a message id`,
});

const hasMessageId = ({ body }: Answer): boolean =>
  v.is(v.object({ message_id: v.pipe(v.string(), v.nonEmpty()) }), parseJson(body));

/** The title of a mail, of at most 512 bytes. */
const subjectOf = ({ data: { task, change, instance } }: CloudEvent): string =>
  Array.from(oneLine(`${task.name} ${change.to}: ${instance.name ?? instance.instanceId}`))
    .slice(0, 128)
    .join("");
