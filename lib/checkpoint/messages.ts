import type { SinkName, TaskId } from "../core/names.ts";

/** References to each sink's message about a task, by task and sink. The least recently updated task comes first. */
export type Messages = ReadonlyMap<TaskId, ReadonlyMap<SinkName, string>>;

/** A reference to a sink's message about a task, in the sink's own format. */
export interface Emitted {
  readonly task: TaskId;
  readonly sink: SinkName;
  readonly message: string;
}

/** These limits keep a stream's references at 100,000 characters at most, far below any store's record limit. */
const maxReferences = 500;
const maxReferenceCharacters = 200;

/** Whether a reference is valid; a custom sink may return anything. */
export const isReference = (message: unknown): message is string =>
  typeof message === "string" && message.length > 0 && message.length <= maxReferenceCharacters;

/** Adds newer references. */
export function withMessages(messages: Messages, emitted: readonly Emitted[]): Messages {
  if (emitted.length === 0) return messages;
  const next = new Map(messages);
  for (const { task, sink, message } of emitted) {
    const ofTask = new Map(next.get(task)).set(sink, message);
    next.delete(task);
    next.set(task, ofTask);
  }
  return next;
}

/**
 * Drops the references of tasks that can have no more events. Beyond the limit, the least recently updated tasks lose
 * theirs.
 */
export function keptMessages(
  messages: Messages,
  isKept: (task: TaskId, sinks: Iterable<SinkName>) => boolean,
): Messages {
  const next = new Map(messages.entries().filter(([task, bySink]) => isKept(task, bySink.keys())));
  let count = next.values().reduce((sum, { size }) => sum + size, 0);
  for (const [task, { size }] of next) {
    if (count <= maxReferences) break;
    next.delete(task);
    count -= size;
  }
  return next;
}

/** References of one sink, by task. */
export const messagesOf = (messages: Messages, sink: SinkName): Map<TaskId, string> =>
  new Map(
    Array.from(messages).flatMap(([task, bySink]) => {
      const message = bySink.get(sink);
      return message === undefined ? [] : [[task, message] as const];
    }),
  );
