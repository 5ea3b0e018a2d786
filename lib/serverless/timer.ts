import { fieldsOf } from "../text/json.ts";

/**
 * Whether a platform's timer sent the event: FunctionGraph's TIMER trigger, EventBridge's schedule, or an event without
 * content. Every other event is a wake.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
 */
export function isTimer(event: unknown): boolean {
  const fields = fieldsOf(event);
  return (
    Object.keys(fields).length === 0 ||
    fields["trigger_type"] === "TIMER" ||
    fields["detail-type"] === "Scheduled Event"
  );
}
