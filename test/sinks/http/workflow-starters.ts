import * as v from "valibot";
import type { CloudEvent } from "../../../lib/change/event.ts";
import { sinkName } from "../../../lib/core/names.ts";
import * as github from "../../../lib/sinks/github.ts";
import * as gitlab from "../../../lib/sinks/gitlab.ts";
import type { Sink, SinkDeps, SinkModule } from "../../../lib/sinks/sink.ts";
import type { HttpSetup } from "../../contract/http.ts";
import type { Setup, Trial } from "../../contract/sink.ts";
import { type Answering, type Loopback, type Reply, type Seen, serve } from "../../harness/http.ts";
import { sampleDeps } from "../sample.ts";

/** How a product that starts workflows is spoken to, as its emulator and its sink's tests see it. */
export interface WorkflowStarter {
  readonly module: SinkModule;
  readonly options: Readonly<Record<string, unknown>>;
  readonly path: string;
  event(request: Seen): CloudEvent;
  readonly started: Reply;
  /** The product's own way to refuse. */
  refusal(status: number, message: string): Reply;
}

export const token = "planted-token-0123456789";

export const githubStarter: WorkflowStarter = {
  module: github,
  options: { repository: "acme/operations", token },
  path: "/repos/acme/operations/dispatches",
  event: ({ body }) => JSON.parse(body).client_payload.event,
  started: { status: 204, body: "" },
  refusal: (status, message) => ({ status, body: { message, documentation_url: "https://docs.example/x" } }),
};

export const gitlabStarter: WorkflowStarter = {
  module: gitlab,
  options: { project: "acme/operations", token },
  path: "/api/v4/projects/acme%2Foperations/trigger/pipeline",
  event: ({ body }) => JSON.parse(new URLSearchParams(body).get("variables[DMS_EVENT]") ?? ""),
  started: { status: 201, body: { id: 257, ref: "main", status: "created" } },
  refusal: (status, message) => ({ status, body: { message: { base: [message] } } }),
};

export const workflowStarters = { github: githubStarter, gitlab: gitlabStarter } as const;

/** A product's sink, its requests sent to `url`. */
export const sinkAt = (
  { module, options }: WorkflowStarter,
  url: string,
  more: Readonly<Record<string, unknown>> = {},
  deps: SinkDeps = sampleDeps,
): Sink =>
  module.create(
    sinkName("trial"),
    v.parse(module.schema, { ...options, url, allowPrivateNetwork: true, ...more }),
    deps,
  );

/** A sink before an emulator that answers as told, or starts every workflow. */
export async function trial(
  starter: WorkflowStarter,
  answering: Answering = starter.started,
  more: Readonly<Record<string, unknown>> = {},
  deps: SinkDeps = sampleDeps,
): Promise<Loopback & { readonly sink: Sink }> {
  const server = await serve(answering);
  return { ...server, sink: sinkAt(starter, server.origin, more, deps) };
}

/** What the contract of all sinks needs. */
export function workflowSetup(starter: WorkflowStarter): Setup {
  const before =
    (answering: Answering, more: Readonly<Record<string, unknown>> = {}) =>
    async (deps: SinkDeps): Promise<Trial> => {
      const { sink, seen } = await trial(starter, answering, more, deps);
      return { sink, arrived: () => seen.map(starter.event).map(({ id }) => id) };
    };
  return {
    working: before(starter.started),
    failing: {
      throttling: before({ status: 429 }),
      "an error that repeats the request": before(({ headers, body }) =>
        starter.refusal(400, `${headers.authorization} ${body} ${token}\r\n\u001b[2J`),
      ),
      "a token that may not": before(starter.refusal(403, `no: ${token}`)),
      "another server's page": before({ status: 200, body: `<html>${token}` }),
      "an address that is not open": async (deps) => ({
        sink: sinkAt(starter, "https://10.1.2.3", { allowPrivateNetwork: false }, deps),
        arrived: () => [],
      }),
      "a service that never answers": before("hang", { timeout: "50ms" }),
      "a broken connection": before("drop"),
    },
    secrets: [token],
  };
}

/** The same behind a gateway. */
export const workflowHttpSetup = (starter: WorkflowStarter): HttpSetup => ({
  through: (gateway) => async (deps) => {
    const { origin, seen } = await serve(starter.started);
    return {
      sink: sinkAt(starter, await gateway(origin), {}, deps),
      arrived: () => seen.map(starter.event).map(({ id }) => id),
    };
  },
});
