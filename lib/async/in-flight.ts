/** Tracks work in flight, so that closing can wait for it. */
export interface InFlight {
  /** Tracks the promise until it settles, and returns it. */
  track<Value>(work: Promise<Value>): Promise<Value>;
  /** Whether `close` was called. */
  readonly isClosed: boolean;
  /** Waits for all tracked work, then frees the resources. Repeated calls share one close. */
  close(): Promise<void>;
}

/** Creates a tracker. `free` runs once: after `close` was called and nothing is in flight. */
export function inFlight(free: () => Promise<unknown>): InFlight {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | null = null;
  return {
    get isClosed() {
      return closing !== null;
    },
    async track(work) {
      underWay.add(work);
      try {
        return await work;
      } finally {
        underWay.delete(work);
      }
    },
    close: () => {
      closing ??= Promise.allSettled(underWay).then(async () => void (await free()));
      return closing;
    },
  };
}
