import type { SinkName, TaskId } from "../core/names.ts";

/** By task and sink, where the sink's living message of the task is. The task told longest ago comes first. */
export type Messages = ReadonlyMap<TaskId, ReadonlyMap<SinkName, string>>;

/** Where a sink's message of a task is, in words that only the sink understands. */
export interface Emitted {
  readonly task: TaskId;
  readonly sink: SinkName;
  readonly message: string;
}

/** Both keep a stream's references far below what a store takes in one record: 100,000 characters at most. */
const maxReferences = 500;
const maxReferenceCharacters = 200;

/** Whether a sink's reference can be kept. A custom sink may give anything. */
export const isReference = (message: unknown): message is string =>
  typeof message === "string" && message.length > 0 && message.length <= maxReferenceCharacters;

/**
 * Takes newer references in, and leaves out those of tasks that nothing can be told of any more. Beyond the bound the
 * tasks told longest ago lose theirs.
 */
export function withMessages(
  messages: Messages,
  told: readonly Emitted[],
  isKept: (task: TaskId, sinks: Iterable<SinkName>) => boolean,
): Messages {
  const next = new Map(messages);
  for (const { task, sink, message } of told) {
    const ofTask = new Map(next.get(task)).set(sink, message);
    next.delete(task);
    next.set(task, ofTask);
  }
  for (const [task, bySink] of next) if (!isKept(task, bySink.keys())) next.delete(task);
  let count = next.values().reduce((sum, { size }) => sum + size, 0);
  for (const [task, { size }] of next) {
    if (count <= maxReferences) break;
    next.delete(task);
    count -= size;
  }
  return next;
}

/** One sink's references by task. */
export const messagesOf = (messages: Messages, sink: SinkName): Map<TaskId, string> =>
  new Map(
    Array.from(messages).flatMap(([task, bySink]) => {
      const message = bySink.get(sink);
      return message === undefined ? [] : [[task, message] as const];
    }),
  );
