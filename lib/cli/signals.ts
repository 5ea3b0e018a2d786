/** Signals of a person or a supervisor to a running command, and how it ends because of its outputs. */
export interface Stopping {
  /** Aborts on the first signal: start nothing new; deliveries in flight may still be confirmed. */
  readonly stop: AbortSignal;
  /** Aborts on the second signal: cancel work in flight, too. */
  readonly abandon: AbortSignal;
  /** Exit code 130 or 143 once a signal has come, 1 once stdout could not be written; null before. */
  exitCode(): number | null;
}

interface Emitter {
  on(name: string, listener: (error: NodeJS.ErrnoException) => void): unknown;
}

interface EmittingWriter extends Emitter {
  write(text: string): unknown;
}

/** The part of `process` that this uses. */
export interface SignalHost extends Emitter {
  readonly stdout: Emitter;
  readonly stderr: EmittingWriter;
  exit(code: number): void;
}

const codes = { SIGINT: 130, SIGTERM: 143 } as const;

/** Docker kills a container 10 s after its stop signal. */
const endWithinMs = 7_500;

/** A third signal, or the time limit, ends the process at once; every durable step survives that. */
export function listenForSignals(host: SignalHost): Stopping {
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
  // A closed pipe (`| head`) starts nothing new; work in flight still ends properly.
  let isTold = false;
  host.stdout.on("error", ({ code, message }) => {
    if (code === "EPIPE") return stop.abort();
    exitCode ??= 1;
    if (!isTold) host.stderr.write(`error: stdout could not be written (${code ?? message})\n`);
    isTold = true;
  });
  // With stderr closed nothing can be printed any more; work in flight continues.
  host.stderr.on("error", () => {});
  return { stop: stop.signal, abandon: abandon.signal, exitCode: () => exitCode };
}
