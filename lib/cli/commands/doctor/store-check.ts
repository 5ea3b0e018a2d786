import { existsSync } from "node:fs";
import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import path from "node:path";
import type { LoadedConfig } from "../../../config/load.ts";
import type { Bridge } from "../../../wire/bridge.ts";
import { probeWriting } from "../../../wire/stores.ts";
import type { Context } from "../../context.ts";
import { readRecords } from "../../records.ts";
import { count, span } from "../../screen/format.ts";
import { type CheckResult, failed, ok, warning } from "./finding.ts";

const leastFreeBytes = 100 * 1_048_576;

/** Reads the store, and writes and removes something beside the records where that makes no table. */
export async function checkStore(
  context: Context,
  { checkpoints }: Bridge,
  { config: { checkpoint }, folder }: LoadedConfig,
): Promise<CheckResult> {
  const { clock } = context;
  const startedMs = clock.now();
  const keys = await checkpoints.list();
  const found = `${checkpoint.type}, ${count(keys.length, "record")}, read in ${span(clock.now() - startedMs)}`;
  if (checkpoint.type === "memory")
    return warning(found, "choose another type: records are lost when the process ends");
  if (checkpoint.type !== "file") {
    const startsMs = clock.now();
    const isWritten = await probeWriting({ checkpoint, folder }, context);
    return ok(
      isWritten
        ? `${found}, written in ${span(clock.now() - startsMs)}`
        : `${found}; writing is not probed: the first poll makes the tables`,
    );
  }
  const place = existing(path.resolve(folder, checkpoint.path));
  const { bavail, bsize } = await statfs(place);
  const freeBytes = bavail * bsize;
  const free = `${Math.floor(freeBytes / 1_048_576).toLocaleString("en")} MiB free`;
  if (freeBytes < leastFreeBytes) return failed(`${found}, ${free}`, "free some space on its disk");
  const beganMs = clock.now();
  try {
    await writeIn(place);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return failed(
      `${found}, but writing fails (${error.code})`,
      `give this user the right to write to ${place}`,
    );
  }
  return ok(`${found}, written in ${span(clock.now() - beganMs)}, ${free}`);
}

/** The folder, or the first above it that is there. */
const existing = (folder: string): string => (existsSync(folder) ? folder : existing(path.dirname(folder)));

/** Writes as durably as a record, and leaves nothing. */
async function writeIn(folder: string): Promise<void> {
  const probe = await mkdtemp(path.join(folder, ".doctor-"));
  try {
    const file = await open(path.join(probe, "probe"), "w");
    try {
      await file.writeFile("probe");
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    await rm(probe, { recursive: true });
  }
}

/** Reads each record. */
export async function checkRecords(bridge: Bridge): Promise<CheckResult> {
  const records = await readRecords(bridge);
  const damaged = records.flatMap(({ key, error }) => (error ? [{ key, error }] : []));
  const [first] = damaged;
  if (first)
    return failed(
      `${damaged.length} of ${count(records.length, "record")} cannot be read, first ${first.key}: ${first.error.message}`,
      `restore the store, or give that stream up: dms-task-bridge checkpoint reset ${first.key}`,
    );
  return ok(records.length === 0 ? "none yet" : `${count(records.length, "record")} of this version`);
}
