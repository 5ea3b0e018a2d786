/** Work that closing waits for. */
export interface InFlight {
  /** Counts the work until it has settled, and returns it. */
  track<Value>(work: Promise<Value>): Promise<Value>;
  /** Waits for all that is tracked, then frees what it used. Once, however often it is called. */
  close(): Promise<void>;
}

/** `free` is called once: when `close` has been called and nothing is in flight. */
export function inFlight(free: () => Promise<unknown>): InFlight {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | null = null;
  return {
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
