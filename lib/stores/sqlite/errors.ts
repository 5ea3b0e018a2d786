import { StoreError } from "../../core/errors.ts";

const busyCode = 5;

/** Whether a store's error is of the whole database: its files were replaced, or another process holds it. */
export const isOfDatabase = (error: unknown): boolean =>
  error instanceof StoreError && [null, busyCode].includes(resultCode(error.cause));

/**
 * Primary code of an error of SQLite; null for other errors. Extended codes keep it in the low byte.
 * https://www.sqlite.org/rescode.html
 */
export const resultCode = (error: unknown): number | null =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : null;

const corruptCodes = new Set([11, 26]);
const mayWrite = "checkpoint.path must be a folder that this user may write to";
/** Advice by the code of the system's error. */
const systemErrors: ReadonlyMap<string, string> = new Map([
  ["EACCES", mayWrite],
  ["EPERM", mayWrite],
  ["EROFS", mayWrite],
  ["ENOENT", "checkpoint.path must be a folder that can be made"],
  ["ENOTDIR", "checkpoint.path must be a folder, and a file is in its way"],
  ["EEXIST", "checkpoint.path must be a folder, and something else is in its way"],
  ["ELOOP", "checkpoint.path must be a folder, and is a link to itself"],
  ["ENAMETOOLONG", "checkpoint.path is too long"],
  ["ENOSPC", "free space on its disk"],
  ["EDQUOT", "free space on its disk"],
]);

const sqliteAdvice: ReadonlyMap<number, string> = new Map([
  [8, `: ${mayWrite}`],
  [10, ": its disk is full or fails"],
  [13, ": free space on its disk"],
  [14, `: ${mayWrite}`],
]);

/** Converts errors of SQLite and of the system to StoreError, with advice; others stay as they are. */
export function asStoreError(error: unknown, file: string): unknown {
  if (error instanceof StoreError)
    return new StoreError(error.reason, `${file}: ${error.message}`, { cause: error });
  if (!(error instanceof Error)) return error;
  const result = resultCode(error);
  if (result !== null) {
    const reason = corruptCodes.has(result) ? "corrupt" : "unavailable";
    const advice = sqliteAdvice.get(result) ?? "";
    return new StoreError(reason, `${file}: ${error.message}${advice}`, { cause: error });
  }
  const code = "code" in error ? String(error.code) : "";
  const advice = systemErrors.get(code);
  if (advice === undefined) return error;
  return new StoreError("unavailable", `${file}: ${code}: ${advice}`, { cause: error });
}
