import type { CallOptions } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";
import type { SdkHmacRequest } from "../huawei/sign.ts";
import type { Credentials } from "./credentials.ts";
import type { ApiResponse, SendApiRequest } from "./http.ts";
import type { KeyGate } from "./key-gate.ts";

/** One API call. */
export interface ApiCall {
  /** The API's name of the operation, for example ListBackgroundTasks. */
  readonly operation: string;
  readonly projectId: string;
  /** The stream that is read. @default none */
  readonly stream?: StreamKey;
  /** Path below the project: `instances/{id}/tasks`. */
  readonly resource: readonly string[];
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Setting that makes the response smaller. */
  readonly shortenedBy?: "pageSize";
}

/** Makes an authenticated GET request to the API. @throws SourceError */
export type Api = (call: ApiCall, options: CallOptions) => Promise<ApiResponse>;

/** Parts that an API client needs. */
export interface ApiDeps {
  readonly endpoint: URL;
  readonly credentials: Credentials;
  readonly send: SendApiRequest;
  /** Gate of the access key. */
  readonly gate: KeyGate;
}

const renewableCodes: ReadonlySet<string | null> = new Set([
  "APIG.0307",
  "DMS.10240101",
  "DMS.10240102",
  "DMS.10240103",
]);

/** Creates an API client. */
export function openApi({ endpoint, credentials, send, gate }: ApiDeps): Api {
  const requestOf = requestsTo(endpoint);
  const { origin } = endpoint;

  async function attempt(
    call: ApiCall,
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
          ...(call.stream && { stream: call.stream }),
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

function requestsTo({ host, pathname }: URL): (call: ApiCall) => SdkHmacRequest {
  const base = pathname.replace(/\/$/, "").split("/");
  return ({ projectId, resource, query }) => ({
    method: "GET",
    path: [...base, "v2", projectId, ...resource],
    query,
    headers: { host, "content-type": "application/json", "x-project-id": projectId },
    body: "",
  });
}
