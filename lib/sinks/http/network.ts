import type { FailureReason, Refusal } from "../../core/result.ts";
import { refusedAddressCode } from "../../net/guarded-connector.ts";
import { type NetworkFault, networkFailure, networkFailureText } from "../../net/network-errors.ts";

const reasons: Readonly<Record<NetworkFault, FailureReason>> = {
  barred: "unauthorized",
  lost: "network",
  slow: "timeout",
  untrusted: "network",
  garbled: "network",
  unmade: "defect",
};

/** Maps a failed request to a reason; null for an error that no network causes, which is a defect. */
export function networkRefusal(error: unknown, origin: string): Refusal | null {
  if (error instanceof Error && "code" in error && error.code === refusedAddressCode) {
    const detail = `${origin}: its address is not open to this sink (${refusedAddressCode})`;
    return { kind: "blocked", reason: "refused_address", detail };
  }
  const failure = networkFailure(error);
  if (!failure) return null;
  const kind = failure.fault === "barred" ? "blocked" : "retry";
  return { kind, reason: reasons[failure.fault], detail: `${origin}: ${networkFailureText(failure)}` };
}
