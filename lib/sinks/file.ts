import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import * as v from "valibot";
import { within } from "../async/within.ts";
import type { Clock } from "../core/clock.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult, Refusal } from "../core/result.ts";
import { makeFolder } from "./disk/folder.ts";
import { fileRefusal, notWritten } from "./disk/refusal.ts";
import type { Sink, SinkDeps } from "./sink.ts";

/** Schema of the options of a sink of type `file`. */
export const schema = v.strictObject({
  path: v.pipe(
    v.string("a path"),
    v.nonEmpty("a path"),
    v.description(
      "File to append to, one JSON line an event; a relative path starts at the configuration's folder.",
    ),
  ),
});

/** Checked options of a sink of type `file`. */
export type FileOptions = v.InferOutput<typeof schema>;

/** Milliseconds of one write; longer than any healthy disk takes, but a network's file system may hang for ever. */
const timeoutMs = 10_000;

/** Appends events to a file as NDJSON. Accepted means synced to disk. */
export function create(name: SinkName, { path }: FileOptions, { folder, clock }: SinkDeps): Sink {
  const file = resolve(folder, path);
  return writingSink(name, (lines) => append(file, lines), clock);
}

/** A sink that writes lines by any means, one batch at a time. */
export function writingSink(
  name: SinkName,
  write: (lines: string) => Promise<DeliveryResult>,
  clock: Clock,
): Sink {
  let last: Promise<unknown> = Promise.resolve();
  /** One append at a time, so that each sees how the previous one ended. */
  const inTurn = (step: () => Promise<DeliveryResult>): Promise<DeliveryResult> => {
    const turn = last.then(step, step);
    last = turn;
    return turn;
  };
  return {
    name,
    batch: { maxEvents: 1_000, maxBytes: 1_048_576 },
    async deliver(events, { signal }) {
      const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
      let isLeft = false;
      const turn = inTurn(async () => (signal.aborted || isLeft ? outOfTime : await write(lines)));
      const result = (await within(turn, timeoutMs, clock)) ?? hangs;
      isLeft = true;
      return events.map(() => result);
    },
    async close() {
      await Promise.allSettled([last]);
    },
  };
}

const outOfTime: Refusal = {
  kind: "retry",
  reason: "timeout",
  detail: "the run's time budget ended before the file was written",
};

const hangs: Refusal = {
  kind: "retry",
  reason: "timeout",
  detail: `the file cannot be written: the file system did not answer within ${timeoutMs / 1_000} s`,
};

/** Opened for each batch, so that a rotated file is not written to for ever. */
async function append(file: string, lines: string): Promise<DeliveryResult> {
  try {
    const made = await makeFolder(dirname(file));
    await using handle = await open(file, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT);
    const stat = await handle.stat();
    if (!stat.isFile()) return notWritten("blocked", "not_found", "it is not a regular file");
    // A crash may have torn the last line; new lines must not continue it.
    await handle.appendFile(`${(await isTorn(handle, stat.size)) ? "\n" : ""}${lines}`);
    await handle.datasync();
    if (stat.size === 0) await syncFolders(dirname(file), made ?? dirname(file));
    return { kind: "accepted" };
  } catch (error) {
    const refused = fileRefusal(error);
    if (!refused) throw error;
    return refused;
  }
}

async function isTorn(handle: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const { buffer } = await handle.read({ buffer: Buffer.alloc(1), position: size - 1 });
  return buffer.toString() !== "\n";
}

/** Syncs the folder of a new file, and the parent of a new folder: only then do they survive a crash. */
async function syncFolders(folder: string, topmost: string): Promise<void> {
  // Windows cannot open a folder.
  if (process.platform === "win32") return;
  for (let current = folder; ; current = dirname(current)) {
    await using handle = await open(current, constants.O_RDONLY);
    await handle.sync();
    if (current === dirname(topmost) || current === dirname(current)) return;
  }
}
