import type { Clock } from "../core/clock.ts";
import { type AccessKey, parseAuthorization, signatureOf } from "../huawei/sign.ts";
import { basicTime } from "../text/basic-time.ts";
import type { ReceivedRequest } from "./request.ts";

const maxSkewMs = 15 * 60_000;
const refusalsToLock = 5;
const lockMs = 5 * 60_000;

interface Refusals {
  inARow: number;
  lockedUntilMs: number;
}

/** Checks signatures as the gateway does: returns the mistake, or null. Five refusals in a row lock a key. */
export function signatureCheck(
  keys: readonly AccessKey[],
  clock: Clock,
): (request: ReceivedRequest) => string | null {
  const refusals = new Map<string, Refusals>(
    keys.map(({ ak }) => [ak, { inARow: 0, lockedUntilMs: Number.NEGATIVE_INFINITY }]),
  );

  return (request) => {
    const nowMs = clock.now();
    const authorization = parseAuthorization(request.headers["authorization"] ?? "");
    const key = keys.find(({ ak }) => ak === authorization?.ak);
    if (authorization === null) return "the Authorization header is missing or cannot be read";
    const record = refusals.get(authorization.ak);
    if (key === undefined || record === undefined) return "the access key does not exist";
    if (nowMs < record.lockedUntilMs) return "the access key is locked after too many refusals";

    const wrong = problem(request, key, authorization, nowMs);
    record.inARow = wrong === null ? 0 : record.inARow + 1;
    if (record.inARow === refusalsToLock) {
      record.inARow = 0;
      record.lockedUntilMs = nowMs + lockMs;
    }
    return wrong;
  };
}

function problem(
  { method, path, query, headers, body }: ReceivedRequest,
  key: AccessKey,
  { signedNames, signature }: NonNullable<ReturnType<typeof parseAuthorization>>,
  nowMs: number,
): string | null {
  const date = headers["x-sdk-date"] ?? "";
  const dateMs = Date.parse(
    date.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
  // Negated, since an invalid date makes the difference NaN.
  if (!(Math.abs(nowMs - dateMs) <= maxSkewMs)) {
    return `the signature has expired: it is of ${date || "no date"}, the server has ${basicTime(nowMs)}`;
  }
  if (!signedNames.includes("x-sdk-date")) return "X-Sdk-Date is not signed";
  if (key.securityToken !== undefined && headers["x-security-token"] !== key.securityToken) {
    return "the security token does not belong to the access key";
  }
  const signable = { method, path: path ?? "", query: [...query], headers, body: body ?? "" };
  return signatureOf(signable, key.sk, date, signedNames) === signature
    ? null
    : "the signature does not match";
}
