import type { Refusal } from "../../core/result.ts";
import { networkTrouble, troubleText } from "../../net/network-errors.ts";
import { refusedAddressCode } from "./address-guard.ts";

/** What a request's failure comes to; null for one that no network causes, which is a defect. */
export function networkRefusal(error: unknown, origin: string): Refusal | null {
  if (error instanceof Error && "code" in error && error.code === refusedAddressCode) {
    const detail = `${origin}: its address is not open to this sink (${refusedAddressCode})`;
    return { kind: "blocked", reason: "refused_address", detail };
  }
  const trouble = networkTrouble(error);
  if (!trouble) return null;
  const reason = trouble.fault === "slow" ? "timeout" : "network";
  return { kind: "retry", reason, detail: `${origin}: ${troubleText(trouble)}` };
}
