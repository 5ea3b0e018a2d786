import { fieldText, isRecord } from "../text/json.ts";

/**
 * Whether a platform's timer sent the event: FunctionGraph's TIMER trigger, EventBridge's schedule, or an event without
 * content but a time. Every other event is a wake.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
 */
export function isTimer(event: unknown): boolean {
  if (typeof event === "string") return event.trim() === "";
  if (Array.isArray(event)) return event.length === 0;
  return (
    !isRecord(event) ||
    Object.keys(event).every((name) => name === "time") ||
    event["trigger_type"] === "TIMER" ||
    event["detail-type"] === "Scheduled Event"
  );
}

/** When the timer was due, epoch milliseconds; null when its event has no time. */
export const scheduledMs = (event: unknown): number | null =>
  Date.parse(fieldText(event, "time") ?? "") || null;
