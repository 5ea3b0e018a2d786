import { gunzipSync, gzipSync } from "node:zlib";
import { StoreError } from "../core/errors.ts";

/** Far above what a store's largest record holds, and far below what would exhaust a small function. */
const maxTextBytes = 64 * 1_048_576;

/** Text, compressed, as base64. gzip, so that an operator can read it with the tools at hand. */
export const pack = (text: string): string => gzipSync(text).toString("base64");

/**
 * The text again. `name` says in messages what it is.
 * @throws StoreError `corrupt`
 */
export function unpack(base64: string, name: string): string {
  try {
    return gunzipSync(Buffer.from(base64, "base64"), { maxOutputLength: maxTextBytes }).toString("utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new StoreError("corrupt", `${name}: the stored bytes are damaged (${error.code})`, {
      cause: error,
    });
  }
}
