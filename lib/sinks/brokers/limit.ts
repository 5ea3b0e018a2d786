import type { Refusal } from "../../core/result.ts";

/** Smaller than any event, bytes. */
const leastEventBytes = 512;

/** Whether the server's limit fits any event. A lower limit is ignored: it would turn every event into a dead letter. */
export const isUsableLimit = (maxBytes: number): boolean => maxBytes >= leastEventBytes;

/** The refusal for a server whose message limit fits no event. */
export const unusableLimit = (origin: string, maxBytes: number): Refusal => ({
  kind: "blocked",
  reason: "rejected",
  detail: `${origin}: the server takes at most ${maxBytes} bytes, less than any event has`,
});
