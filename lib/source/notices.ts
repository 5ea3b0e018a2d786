import { isKnownStatus, type Task } from "../change/task.ts";
import type { Log } from "../telemetry/log.ts";
import { skippedKey } from "./join.ts";
import type { SkippedTask } from "./task-source.ts";

const maxRemembered = 10_000;

/** Logs unusual tasks: each skipped record and each unknown status once. */
export function taskNotices(
  log: Log,
): (instanceId: string, tasks: readonly Task[], skipped: readonly SkippedTask[]) => void {
  const isNew = onceEach();
  return (instanceId, tasks, skipped) => {
    for (const record of skipped) {
      if (isNew(`skipped ${skippedKey(record)}`)) {
        log("warn", "a task cannot be read; skipped", {
          instance: instanceId,
          task: record.id,
          problem: record.problem,
        });
      }
    }
    for (const { id, status } of tasks) {
      if (!isKnownStatus(status) && isNew(`status ${status}`)) {
        log("warn", "unknown task status; delivered as it is", {
          instance: instanceId,
          task: id,
          status,
        });
      }
    }
  };
}

/** Whether a text is new. After very many texts it may count as new again. */
function onceEach(): (text: string) => boolean {
  const known = new Set<string>();
  return (text) => {
    if (known.has(text)) return false;
    if (known.size >= maxRemembered) known.clear();
    known.add(text);
    return true;
  };
}
