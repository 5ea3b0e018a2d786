import type { CloudEvent } from "../../../lib/change/event.ts";
import * as github from "../../../lib/sinks/github.ts";
import * as gitlab from "../../../lib/sinks/gitlab.ts";
import type { SinkDeps } from "../../../lib/sinks/sink.ts";
import { type Service, serviceSetup, sinkAt } from "../../contract/service.ts";
import type { Setup } from "../../contract/sink.ts";
import type { Reply, Seen } from "../../harness/http.ts";

/** How a product that starts workflows is spoken to, as its emulator and its sink's tests see it. */
export interface WorkflowStarter extends Service {
  readonly path: string;
  events(request: Seen): readonly CloudEvent[];
  /** The product's own way to refuse. */
  refusal(status: number, message: string): Reply;
}

const at = (url: string) => ({ url, allowPrivateNetwork: true });

export const token = "planted-token-0123456789";

export const githubStarter: WorkflowStarter = {
  module: github,
  options: { repository: "acme/operations", token },
  at,
  path: "/repos/acme/operations/dispatches",
  events: ({ body }) => [JSON.parse(body).client_payload.event],
  answer: () => ({ status: 204, body: "" }),
  refusal: (status, message) => ({ status, body: { message, documentation_url: "https://docs.example/x" } }),
};

export const gitlabStarter: WorkflowStarter = {
  module: gitlab,
  options: { project: "acme/operations", token },
  at,
  path: "/api/v4/projects/acme%2Foperations/trigger/pipeline",
  events: ({ body }) => [JSON.parse(new URLSearchParams(body).get("variables[DMS_EVENT]") ?? "")],
  answer: () => ({ status: 201, body: { id: 257, ref: "main", status: "created" } }),
  refusal: (status, message) => ({ status, body: { message: { base: [message] } } }),
};

export const workflowStarters = { github: githubStarter, gitlab: gitlabStarter } as const;

/** What the contract of all sinks needs. */
export function workflowSetup(starter: WorkflowStarter): Setup {
  const setup = serviceSetup(
    starter,
    {
      throttling: { status: 429 },
      "an error that repeats the request": ({ headers, body }) =>
        starter.refusal(400, `${headers.authorization} ${body} ${token}\r\n\u001b[2J`),
      "a token that may not": starter.refusal(403, `no: ${token}`),
      "another server's page": { status: 200, body: `<html>${token}` },
    },
    [token],
  );
  const closed = async (deps: SinkDeps) => ({
    sink: sinkAt(starter, "https://10.1.2.3", { allowPrivateNetwork: false }, deps),
    arrived: () => [],
  });
  return { ...setup, failing: { ...setup.failing, "an address that is not open": closed } };
}
