import type { Queue, QueueMessage, VisibilityChange } from "../../lib/aws/queue.ts";
import type { ShardStream } from "../../lib/fleet/shard.ts";

/** So many streams of one source, or of several side by side. */
export const fleetOf = (count: number, projects = 1): readonly ShardStream[] =>
  Array.from({ length: count }, (_, index) => ({
    stream: {
      engine: "rabbitmq",
      region: "cn-north-4",
      projectId: `p${index % projects}`,
      instanceId: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    },
    name: null,
  }));

export interface MemoryQueue extends Queue {
  readonly sent: QueueMessage[];
  readonly visibility: VisibilityChange[];
  /** What the next call throws. */
  fails: Error | null;
}

export function memoryQueue(): MemoryQueue {
  const failing = (): void => {
    const { fails } = queue;
    queue.fails = null;
    if (fails) throw fails;
  };
  const queue: MemoryQueue = {
    sent: [],
    visibility: [],
    fails: null,
    send: async (messages) => {
      failing();
      queue.sent.push(...messages);
    },
    changeVisibility: async (changes) => {
      failing();
      queue.visibility.push(...changes);
    },
    close: async () => {},
  };
  return queue;
}
