import * as v from "valibot";
import { sinkName } from "../../lib/names.ts";
import type { Sink, SinkDeps } from "../../lib/sinks/sink.ts";
import { create, schema } from "../../lib/sinks/smn.ts";
import { type Answering, type Loopback, type Seen, serve } from "../aws/loopback.ts";
import type { Setup, Trial } from "../contract/sink.ts";
import { sampleDeps } from "./sample.ts";

export const key = { ak: "AKEXAMPLE", sk: "planted-secret-key", securityToken: "planted-token" };
export const topicUrn = "urn:smn:cn-north-4:0123456789abcdef:dms-tasks";

export const published: Answering = { body: { request_id: "r-1", message_id: "m-1" } };

export const eventOf = ({ body }: Seen) => JSON.parse(JSON.parse(body).message);

export const smnAt = (
  endpoint: string,
  options: Readonly<Record<string, unknown>> = {},
  deps: SinkDeps = sampleDeps,
): Sink =>
  create(sinkName("trial"), v.parse(schema, { topicUrn, credentials: key, endpoint, ...options }), deps);

/** A sink before an emulator that answers as told, or takes all. */
export async function smnTrial(
  answering: Answering = published,
  options: Readonly<Record<string, unknown>> = {},
  deps: SinkDeps = sampleDeps,
): Promise<Loopback & { readonly sink: Sink }> {
  const server = await serve(answering);
  return { ...server, sink: smnAt(server.origin, options, deps) };
}

const before =
  (answering: Answering, options: Readonly<Record<string, unknown>> = {}) =>
  async (deps: SinkDeps): Promise<Trial> => {
    const { sink, seen } = await smnTrial(answering, options, deps);
    return { sink, arrived: () => seen.map(eventOf).map(({ id }) => id) };
  };

/** What the contract of all sinks needs. */
export const smnSetup: Setup = {
  working: before(published),
  failing: {
    throttling: before({ status: 429 }),
    "an error that repeats the request": before(({ headers, body }) => ({
      status: 400,
      body: { code: "SMN.0002", message: `${headers["x-security-token"]} ${key.sk} ${body}` },
    })),
    "a key that may not": before({ status: 403, body: { code: "SMN.0003", message: key.sk } }),
    "a service that never answers": before("hang", { timeout: "50ms" }),
    "a broken connection": before("drop"),
  },
  secrets: [key.sk, key.securityToken],
};
