import { json, type SimulatedResponse } from "./response.ts";

/** The API's refusals, with its codes and texts. */
const refusals = {
  badProject: [400, "DMS.00400002", "The project ID format is invalid."],
  badInstance: [400, "DMS.00400030", "The instance ID format is invalid."],
  badTask: [400, "DMS.00400070", "The task ID format is invalid."],
  badParameter: [400, "DMS.00400062", "Invalid request parameter."],
  pastTheEnd: [400, "DMS.40050010", "The offset is out of range."],
  badCredentials: [401, "APIGW.0301", "Incorrect IAM authentication information."],
  tokenExpired: [401, "APIGW.0307", "The token must be updated."],
  unknownInstance: [404, "DMS.00404022", "This instance does not exist."],
  // The API's own code for a missing task is undocumented.
  unknownTask: [404, "DMS.00404000", "This task does not exist."],
  throttled404: [404, "DMS.10240407", "Too many requests."],
  unknownRoute: [404, "APIG.0101", "The API does not exist or has not been published in the environment."],
  badMethod: [405, "APIG.0101", "The API does not support this method."],
  bodyTooLarge: [413, "APIG.0201", "Request entity too large."],
  throttled: [
    429,
    "APIGW.0308",
    "The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute.",
  ],
  internal: [500, "DMS.00500000", "Internal service error."],
  backendDown: [502, "APIG.0202", "Backend unavailable."],
  busy: [503, "DMS.111501025", "The service is busy."],
  backendSlow: [504, "APIG.0203", "Backend timeout."],
} as const satisfies Readonly<Record<string, readonly [status: number, errorCode: string, message: string]>>;

/** Name of an error that the simulated API can return. */
export type RefusalName = keyof typeof refusals;

/** The gateway's errors include the request id in the body; the service's do not. `detail` is appended to the message. */
export function refusal(name: RefusalName, requestId: string, detail = ""): SimulatedResponse {
  const [status, error_code, message] = refusals[name];
  const error_msg = detail === "" ? message : `${message} ${detail}`;
  return json(
    status,
    error_code.startsWith("APIG")
      ? { error_msg, error_code, request_id: requestId }
      : { error_code, error_msg },
  );
}

/** IAM has its own error format. */
export const iamRefusal = (status: 400 | 401, message: string): SimulatedResponse =>
  json(status, { error: { code: status, message, title: status === 400 ? "Bad Request" : "Unauthorized" } });
