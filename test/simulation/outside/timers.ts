import { syncBuiltinESMExports } from "node:module";
import zlib from "node:zlib";
import type { Loop } from "../loop.ts";

type Tell = (error: Error | null, text?: Buffer) => void;

/** In place of a thread's work, which takes real time. */
function gunzipNow(body: Buffer, options: zlib.ZlibOptions, tell: Tell): void {
  let text: Buffer | undefined;
  let failure: Error | null = null;
  try {
    text = zlib.gunzipSync(body, options);
  } catch (error) {
    failure = error as Error;
  }
  tell(failure, text);
}

/**
 * Puts what takes the process's own time on virtual time, for code that is not told the clock: its timers, and the
 * unpacking of answers. What it returns puts all back.
 */
export function bindTimers(loop: Loop): () => void {
  const { setTimeout, clearTimeout, setImmediate } = globalThis;
  const { gunzip } = zlib;
  const cancels = new Map<unknown, () => void>();
  const start = (fire: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): object => {
    const handle = { unref: () => handle, ref: () => handle };
    const cancel = loop.after(ms, () => {
      cancels.delete(handle);
      fire(...given);
    });
    cancels.set(handle, cancel);
    return handle;
  };
  const stop = (handle: unknown): void => {
    cancels.get(handle)?.();
    cancels.delete(handle);
  };
  Object.assign(globalThis, {
    setTimeout: start,
    clearTimeout: stop,
    setImmediate: (fire: (...given: unknown[]) => void, ...given: unknown[]) => start(fire, 0, ...given),
  });
  const zip = (unpack: unknown): void => {
    Object.assign(zlib, { gunzip: unpack });
    syncBuiltinESMExports();
  };
  zip(gunzipNow);
  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout, setImmediate });
    zip(gunzip);
  };
}
