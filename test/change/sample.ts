import type { KnownTask } from "../../lib/change/known.ts";
import type { Task } from "../../lib/change/task.ts";
import { taskId } from "../../lib/core/names.ts";

export const createdMs = Date.UTC(2026, 0, 1, 12);

export const sampleTask = (over: Partial<Task> = {}): Task => ({
  id: taskId("ff80808272dcc90f0172df1e490f41b0"),
  name: "bindInstancePublicIp",
  status: "EXECUTING",
  params: null,
  user: { id: "u1", name: "alice" },
  createdAtMs: createdMs,
  updatedAtMs: createdMs + 1_000,
  ...over,
});

/** The sample task as known after its first recorded sight. */
export const sampleKnown = (over: Partial<KnownTask> = {}): KnownTask => ({
  status: "EXECUTING",
  createdAtMs: createdMs,
  updatedAtMs: createdMs + 1_000,
  name: "bindInstancePublicIp",
  overdueEmitted: false,
  doubt: null,
  past: [],
  gone: null,
  ...over,
});
