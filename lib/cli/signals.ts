/** What a person or a supervisor asks of a running command. */
export interface Stopping {
  /** Begin nothing more; what has gone out may still be confirmed. */
  readonly stop: AbortSignal;
  /** Asked a second time: give up what is under way, too. */
  readonly abandon: AbortSignal;
  /** 130 or 143 once a signal has come; null before. */
  exitCode(): number | null;
}

interface Emitter {
  on(name: string, listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** The part of `process` that this needs. */
export interface Host extends Emitter {
  readonly stdout: Emitter;
  readonly stderr: Emitter;
  exit(code: number): void;
}

const codes = { SIGINT: 130, SIGTERM: 143 } as const;

/** Docker kills a container 10 s after it was told to end. */
const endWithinMs = 7_500;

/** A third signal, or time, ends the process where it stands, which every durable step survives. */
export function listenForSignals(host: Host): Stopping {
  const stop = new AbortController();
  const abandon = new AbortController();
  let exitCode: number | null = null;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    host.on(name, () => {
      if (abandon.signal.aborted) host.exit(codes[name]);
      if (stop.signal.aborted) abandon.abort();
      else setTimeout(() => host.exit(codes[name]), endWithinMs).unref();
      exitCode ??= codes[name];
      stop.abort();
    });
  }
  // A reader that went away (`| head`) wants nothing more; what is in hand still ends properly.
  host.stdout.on("error", (error) => {
    if (error.code !== "EPIPE") throw error;
    stop.abort();
  });
  // Where nothing can be told any more, what is in hand still goes on.
  host.stderr.on("error", () => {});
  return { stop: stop.signal, abandon: abandon.signal, exitCode: () => exitCode };
}
