import type { CloudEvent } from "../../../lib/change/event.ts";
import * as github from "../../../lib/sinks/github.ts";
import * as gitlab from "../../../lib/sinks/gitlab.ts";
import type { Service } from "../../contract/service.ts";
import type { Seen, ServerReply } from "../../harness/http.ts";

/** How a product that starts workflows is spoken to, as its emulator and its sink's tests see it. */
export interface WorkflowStarter extends Service {
  readonly path: string;
  events(request: Seen): readonly CloudEvent[];
  /** The product's own way to refuse. */
  refusal(status: number, message: string): ServerReply;
}

export const token = "planted-token-0123456789";

/** What they have in common, but for the product's own way to refuse. */
const starter = (refusal: WorkflowStarter["refusal"]) => ({
  at: (url: string) => ({ url, allowPrivateNetwork: true }),
  refusal,
  failures: {
    throttling: { status: 429 },
    "an error that repeats the request": ({ headers, body }: Seen) =>
      refusal(400, `${headers.authorization} ${body} ${token}\r\n\u001b[2J`),
    "a token that may not": refusal(403, `no: ${token}`),
    "another server's page": { status: 200, body: `<html>${token}` },
  },
  secrets: [token],
});

export const githubStarter: WorkflowStarter = {
  ...starter((status, message) => ({
    status,
    body: { message, documentation_url: "https://docs.example/x" },
  })),
  module: github,
  options: { repository: "acme/operations", token },
  path: "/repos/acme/operations/dispatches",
  events: ({ body }) => [JSON.parse(body).client_payload.event],
  answer: () => ({ status: 204, body: "" }),
};

export const gitlabStarter: WorkflowStarter = {
  ...starter((status, message) => ({ status, body: { message: { base: [message] } } })),
  module: gitlab,
  options: { project: "acme/operations", token },
  path: "/api/v4/projects/acme%2Foperations/trigger/pipeline",
  events: ({ body }) => [JSON.parse(new URLSearchParams(body).get("variables[DMS_EVENT]") ?? "")],
  answer: () => ({ status: 201, body: { id: 257, ref: "main", status: "created" } }),
};

export const workflowStarters = { github: githubStarter, gitlab: gitlabStarter } as const;
