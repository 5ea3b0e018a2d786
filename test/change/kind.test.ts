import { expect, it } from "vitest";
import { kindOfStatus, kindOfTaskStatus } from "../../lib/change/kind.ts";

it.each([
  ["SUCCESS", "succeeded", "succeeded"],
  ["OVERDUE", "overdue", "overdue"],
  ["UNREADABLE", "unknown", "unreadable"],
  ["RECOVERED", "unknown", "recovered"],
  ["PAUSED", "unknown", "unknown"],
  ["constructor", "unknown", "unknown"],
])("the status %s is of the kind %s as a task's, and %s as any event's", (status, task, any) => {
  expect([kindOfTaskStatus(status), kindOfStatus(status)]).toEqual([task, any]);
});
