import type { CloudEvent } from "../../../lib/change/event.ts";
import * as eventgrid from "../../../lib/sinks/eventgrid.ts";
import * as functiongraph from "../../../lib/sinks/functiongraph.ts";
import * as smn from "../../../lib/sinks/smn.ts";
import type { Service } from "../../contract/service.ts";
import type { Seen } from "../../harness/http.ts";

/** How one of Huawei Cloud's services is spoken to, as its emulator and its sink's tests see it. */
export interface HuaweiService extends Service {
  /** Decoded. */
  readonly path: string;
  readonly host: string;
  events(request: Seen): readonly CloudEvent[];
}

export const key = { ak: "AKEXAMPLE", sk: "planted-secret-key", securityToken: "planted-token" };

/** What Huawei Cloud's services have in common. */
const huawei: Pick<Service, "at" | "failures" | "secrets"> = {
  at: (endpoint) => ({ endpoint }),
  failures: {
    throttling: { status: 429 },
    "an error that repeats the request": ({ headers, body }) => ({
      status: 400,
      body: { error_code: "X.0002", error_msg: `${headers["x-security-token"]} ${key.sk} ${body}` },
    }),
    "a key that may not": { status: 403, body: { error_code: "X.0003", error_msg: key.sk } },
    "an answer that is none": { body: "<html>" },
  },
  secrets: [key.sk, key.securityToken],
};

const project = "0123456789abcdef";
const topicUrn = `urn:smn:cn-north-4:${project}:dms-tasks`;
const functionUrn = `urn:fss:cn-north-4:${project}:function:default:after-task:latest`;

export const smnService: HuaweiService = {
  ...huawei,
  module: smn,
  options: { topicUrn, credentials: key },
  path: `/v2/${project}/notifications/topics/${topicUrn}/publish`,
  host: "smn.cn-north-4.myhuaweicloud.com",
  events: ({ body }) => [JSON.parse(JSON.parse(body).message)],
  answer: () => ({ body: { request_id: "r-1", message_id: "m-1" } }),
};

export const functiongraphService: HuaweiService = {
  ...huawei,
  module: functiongraph,
  options: { functionUrn, credentials: key },
  path: `/v2/${project}/fgs/functions/${functionUrn}/invocations-async`,
  host: "functiongraph.cn-north-4.myhuaweicloud.com",
  events: ({ body }) => [JSON.parse(body)],
  answer: () => ({ status: 202, body: { request_id: "e834cb5b-1b2b-4c6b-b41c-8bd10fd41826" } }),
};

export const eventgridService: HuaweiService = {
  ...huawei,
  module: eventgrid,
  options: { region: "cn-north-4", projectId: project, channelId: "ch-1", credentials: key },
  path: `/v1/${project}/channels/ch-1/events`,
  host: "eg.cn-north-4.myhuaweicloud.com",
  events: ({ body }) => JSON.parse(body).events,
  answer: (request) => ({ body: reportOf(request) }),
};

/** EventGrid's answer, with the code of what it refused by position. */
export function reportOf(request: Seen, refused: Readonly<Record<number, string>> = {}) {
  const events = eventgridService.events(request).map(({ id }, index) => ({
    error_code: refused[index] ?? null,
    error_msg: refused[index] === undefined ? null : `An event was refused. ${key.sk}`,
    event_id: id,
  }));
  // The order of the list tells nothing.
  return { failed_count: Object.keys(refused).length, events: events.reverse() };
}

export const huaweiServices = {
  smn: smnService,
  eventgrid: eventgridService,
  functiongraph: functiongraphService,
} as const;
