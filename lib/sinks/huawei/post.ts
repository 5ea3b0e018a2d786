import * as v from "valibot";
import type { CloudEvent } from "../../change/event.ts";
import type { CallOptions } from "../../core/clock.ts";
import type { SinkName } from "../../core/names.ts";
import type { DeliveryResult, Refusal } from "../../core/result.ts";
import { accessKeyIn } from "../../huawei/access-key.ts";
import { regionalEndpoint } from "../../huawei/endpoint.ts";
import { encodePath, sign } from "../../huawei/sign.ts";
import { openAgent } from "../../net/agent.ts";
import { proxy } from "../../options/connection.ts";
import { described, filledText, httpUrl, requestTimeout } from "../../options/fields.ts";
import { parseJson } from "../../text/json.ts";
import { oneLine } from "../../text/one-line.ts";
import { post } from "../http/post.ts";
import { maskSecrets } from "../http/redact.ts";
import { type SinkResponse, statusResult, unproven } from "../http/response.ts";
import type { Sink, SinkDeps } from "../sink.ts";

/** Options that every Huawei Cloud sink has. */
export const huaweiEntries = (service: string) => ({
  credentials: described(
    v.optional(
      v.strictObject({
        ak: described(filledText("an access key"), "Access key."),
        sk: described(filledText("a secret key"), "Secret key."),
        securityToken: v.optional(
          described(filledText("a security token"), "Security token of temporary credentials."),
        ),
      }),
    ),
    "Access key; by default HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or CLOUD_SDK_AK and CLOUD_SDK_SK.",
  ),
  endpoint: described(
    v.optional(httpUrl),
    `Where it is not \`https://${service}.{region}.myhuaweicloud.com\`.`,
  ),
  timeout: requestTimeout("10s"),
  proxy,
});

const huaweiObject = v.object(huaweiEntries(""));
type HuaweiOptions = v.InferOutput<typeof huaweiObject>;

/** One operation of a service: a fixed path, a new body each time. */
export interface HuaweiOperation {
  /** Sends one signed POST; sends nothing without an access key. Throws only on a defect. */
  post(body: string, call: CallOptions): Promise<SinkResponse | Refusal>;
  /** Maps a response's status to a result. */
  toResult(response: SinkResponse): DeliveryResult;
  /** Result of a success response without the service's own `sign`. */
  doubt(response: SinkResponse, sign: string): Refusal;
  /** The service's message for the operator: after the origin, on one line, without secrets. */
  quote(said: string): string;
  close(): Promise<void>;
}

/** Address of an operation. */
export interface OperationPlace {
  readonly service: string;
  readonly region: string;
  /** Sent with each request: without it Huawei Cloud refuses resources of a sub-project. */
  readonly projectId: string;
  /** Decoded path. */
  readonly path: string;
}

/** Opens an operation of a Huawei Cloud service; connects to nothing before the first call. */
export function openOperation(
  place: OperationPlace,
  options: HuaweiOptions,
  deps: SinkDeps,
): HuaweiOperation {
  const endpoint = new URL(options.endpoint ?? regionalEndpoint(place.service, place.region));
  const path = `${endpoint.pathname.replace(/\/$/, "")}${place.path}`;
  const url = new URL(encodePath(path), endpoint);
  const key = options.credentials ?? accessKeyIn(deps.environment);
  const secrets = [key?.sk ?? "", key?.securityToken ?? ""];
  const { dispatcher, close } = openAgent({ proxy: options.proxy }, deps);
  const context = () => ({ origin: url.origin, secrets, nowMs: deps.clock.now() });
  return {
    post: async (body, call) => {
      if (!key) return noKey;
      const headers = {
        host: url.host,
        "content-type": "application/json",
        "x-project-id": place.projectId,
      };
      const signed = sign({ method: "POST", path, query: [], headers, body }, key, deps.clock.now());
      const request = { url, headers: { ...headers, ...signed }, body, timeoutMs: options.timeout };
      return post(dispatcher, request, call);
    },
    quote: (said) => oneLine(`${url.origin}: ${maskSecrets(said, secrets)}`),
    toResult: (response) => withServiceCode(statusResult(response, context()), response),
    doubt: (response, sign) => unproven(response, context(), sign),
    close,
  };
}

/**
 * These services return 400 for a wrong topic or channel as well as for a bad message. An event is abandoned only when
 * the response names its size. https://support.huaweicloud.com/intl/en-us/api-smn/ErrorCode.html lists SMN's codes.
 */
function withServiceCode(result: DeliveryResult, { body, status }: SinkResponse): DeliveryResult {
  if (result.kind !== "permanent" || result.reason === "too_large") return result;
  return sizeWords.test(body)
    ? { ...result, reason: "too_large" }
    : { kind: "blocked", reason: result.reason, detail: result.detail, status };
}

const sizeWords =
  /(?:message|subject|content|payload|body|event)\b.{0,40}\b(?:too (?:long|large)|exceeds?|length)\b/i;

const noKey: Refusal = {
  kind: "blocked",
  reason: "unauthorized",
  detail: "no access key: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
};

/** Request and receipt of a service that takes one event per request. */
export interface OneByOne {
  body(event: CloudEvent): string;
  /** Response field with the id of the created item. */
  readonly receipt: string;
}

/** A sink with one request per event, accepted once the response holds the receipt. */
export function oneByOne(name: SinkName, operation: HuaweiOperation, { body, receipt }: OneByOne): Sink {
  const hasReceipt = v.object({ [receipt]: v.pipe(v.string(), v.nonEmpty()) });
  const send = async (event: CloudEvent, call: CallOptions): Promise<DeliveryResult> => {
    const outcome = await operation.post(body(event), call);
    if (outcome.kind !== "response") return outcome;
    const result = operation.toResult(outcome);
    if (result.kind !== "accepted" || v.is(hasReceipt, parseJson(outcome.body))) return result;
    return operation.doubt(outcome, `a ${receipt}`);
  };
  return {
    name,
    batch: { maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER },
    deliver: (events, call) => Promise.all(events.map((event) => send(event, call))),
    close: operation.close,
  };
}
