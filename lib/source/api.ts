import type { CallOptions } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import type { SignableRequest } from "../huawei/sign.ts";
import type { Credentials } from "./credentials.ts";
import type { ApiResponse, Send } from "./http.ts";
import type { KeyGate } from "./key-gate.ts";

/** One call of the API. */
export interface Call {
  /** The API's own name for it, such as ListBackgroundTasks. */
  readonly operation: string;
  readonly projectId: string;
  /** Below the project: `instances/{id}/tasks`. */
  readonly resource: readonly string[];
  readonly query: readonly (readonly [name: string, value: string])[];
  /** The setting that makes an answer shorter. */
  readonly shortenedBy?: "pageSize";
}

/** A GET of the API, authenticated. @throws SourceError */
export type Api = (call: Call, options: CallOptions) => Promise<ApiResponse>;

export interface ApiDeps {
  readonly endpoint: URL;
  readonly credentials: Credentials;
  readonly send: Send;
  /** Of the access key. */
  readonly gate: KeyGate;
}

const renewableCodes: ReadonlySet<string | null> = new Set([
  "APIG.0307",
  "DMS.10240101",
  "DMS.10240102",
  "DMS.10240103",
]);

export function openApi({ endpoint, credentials, send, gate }: ApiDeps): Api {
  const requestOf = requestsTo(endpoint);
  const { origin } = endpoint;

  async function attempt(
    call: Call,
    options: CallOptions,
    answered: (status: number) => void,
    mayRenew: boolean,
  ): Promise<ApiResponse> {
    const request = requestOf(call);
    const added = await credentials.authenticate(request, options);
    try {
      return await send(
        {
          operation: call.operation,
          origin,
          request: { ...request, headers: { ...request.headers, ...added } },
          secrets: secretHeaders.flatMap((name) => added[name] ?? []),
          answered,
          ...(call.shortenedBy && { shortenedBy: call.shortenedBy }),
        },
        options,
      );
    } catch (error) {
      if (mayRenew && isRenewable(error) && credentials.renew(added))
        return attempt(call, options, answered, false);
      throw error;
    }
  }

  return (call, options) => gate.pass(origin, options, (answered) => attempt(call, options, answered, true));
}

const isRenewable = (error: unknown): boolean =>
  error instanceof SourceError && error.api?.status === 401 && renewableCodes.has(error.api.code);

const secretHeaders = ["authorization", "x-security-token", "x-auth-token"];

function requestsTo({ host, pathname }: URL): (call: Call) => SignableRequest {
  const base = pathname.replace(/\/$/, "").split("/");
  return ({ projectId, resource, query }) => ({
    method: "GET",
    path: [...base, "v2", projectId, ...resource],
    query,
    headers: { host, "content-type": "application/json", "x-project-id": projectId },
    body: "",
  });
}
