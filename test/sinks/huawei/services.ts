import * as v from "valibot";
import type { CloudEvent } from "../../../lib/change/event.ts";
import { sinkName } from "../../../lib/core/names.ts";
import * as eventgrid from "../../../lib/sinks/eventgrid.ts";
import * as functiongraph from "../../../lib/sinks/functiongraph.ts";
import type { Sink, SinkDeps, SinkModule } from "../../../lib/sinks/sink.ts";
import * as smn from "../../../lib/sinks/smn.ts";
import type { HttpSetup } from "../../contract/http.ts";
import type { Setup, Trial } from "../../contract/sink.ts";
import { type Answering, type Loopback, type Reply, type Seen, serve } from "../../harness/http.ts";
import { sampleDeps } from "../sample.ts";

/** How one of Huawei Cloud's services is spoken to, as its emulator and its sink's tests see it. */
export interface HuaweiService {
  readonly module: SinkModule;
  readonly options: Readonly<Record<string, unknown>>;
  /** Decoded. */
  readonly path: string;
  readonly host: string;
  events(request: Seen): readonly CloudEvent[];
  /** Takes every event. */
  accept(request: Seen): Reply;
}

export const key = { ak: "AKEXAMPLE", sk: "planted-secret-key", securityToken: "planted-token" };
const project = "0123456789abcdef";
const topicUrn = `urn:smn:cn-north-4:${project}:dms-tasks`;
const functionUrn = `urn:fss:cn-north-4:${project}:function:default:after-task:latest`;

export const smnService: HuaweiService = {
  module: smn,
  options: { topicUrn },
  path: `/v2/${project}/notifications/topics/${topicUrn}/publish`,
  host: "smn.cn-north-4.myhuaweicloud.com",
  events: ({ body }) => [JSON.parse(JSON.parse(body).message)],
  accept: () => ({ body: { request_id: "r-1", message_id: "m-1" } }),
};

export const functiongraphService: HuaweiService = {
  module: functiongraph,
  options: { functionUrn },
  path: `/v2/${project}/fgs/functions/${functionUrn}/invocations-async`,
  host: "functiongraph.cn-north-4.myhuaweicloud.com",
  events: ({ body }) => [JSON.parse(body)],
  accept: () => ({ status: 202, body: { request_id: "e834cb5b-1b2b-4c6b-b41c-8bd10fd41826" } }),
};

export const eventgridService: HuaweiService = {
  module: eventgrid,
  options: { region: "cn-north-4", projectId: project, channelId: "ch-1" },
  path: `/v1/${project}/channels/ch-1/events`,
  host: "eg.cn-north-4.myhuaweicloud.com",
  events: ({ body }) => JSON.parse(body).events,
  accept: (request) => ({ body: reportOf(request) }),
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

/** A service's sink, its requests sent to `endpoint`. */
export const sinkAt = (
  { module, options }: HuaweiService,
  endpoint: string,
  more: Readonly<Record<string, unknown>> = {},
  deps: SinkDeps = sampleDeps,
): Sink =>
  module.create(
    sinkName("trial"),
    v.parse(module.schema, { ...options, credentials: key, endpoint, ...more }),
    deps,
  );

/** A sink before an emulator that answers as told, or takes all. */
export async function trial(
  service: HuaweiService,
  answering: Answering = service.accept,
  more: Readonly<Record<string, unknown>> = {},
  deps: SinkDeps = sampleDeps,
): Promise<Loopback & { readonly sink: Sink }> {
  const server = await serve(answering);
  return { ...server, sink: sinkAt(service, server.origin, more, deps) };
}

/** What the contract of all sinks needs. */
export function huaweiSetup(service: HuaweiService): Setup {
  const before =
    (answering: Answering, more: Readonly<Record<string, unknown>> = {}) =>
    async (deps: SinkDeps): Promise<Trial> => {
      const { sink, seen } = await trial(service, answering, more, deps);
      return { sink, arrived: () => seen.flatMap(service.events).map(({ id }) => id) };
    };
  return {
    working: before(service.accept),
    failing: {
      throttling: before({ status: 429 }),
      "an error that repeats the request": before(({ headers, body }) => ({
        status: 400,
        body: { error_code: "X.0002", error_msg: `${headers["x-security-token"]} ${key.sk} ${body}` },
      })),
      "a key that may not": before({ status: 403, body: { error_code: "X.0003", error_msg: key.sk } }),
      "an answer that is none": before({ body: "<html>" }),
      "a service that never answers": before("hang", { timeout: "50ms" }),
      "a broken connection": before("drop"),
    },
    secrets: [key.sk, key.securityToken],
  };
}

/** The same behind a gateway. */
export const huaweiHttpSetup = (service: HuaweiService): HttpSetup => ({
  through: (gateway) => async (deps) => {
    const { origin, seen } = await serve(service.accept);
    return {
      sink: sinkAt(service, await gateway(origin), {}, deps),
      arrived: () => seen.flatMap(service.events).map(({ id }) => id),
    };
  },
});
