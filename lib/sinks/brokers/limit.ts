import type { Refusal } from "../../core/result.ts";

/** Less than any event has. */
const leastEventBytes = 512;

/** Whether some event fits. A server that allows less is not to judge any: it would send all to the dead letters. */
export const isUsableLimit = (maxBytes: number): boolean => maxBytes >= leastEventBytes;

export const unusableLimit = (origin: string, maxBytes: number): Refusal => ({
  kind: "blocked",
  reason: "rejected",
  detail: `${origin}: the server takes at most ${maxBytes} bytes, less than any event has`,
});
