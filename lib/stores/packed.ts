import { gunzipSync, gzipSync } from "node:zlib";
import { StoreError } from "../core/errors.ts";
import { tooLarge } from "./too-large.ts";

/** Maximum size of unpacked text: far above any stored record, far below a small function's memory. */
const maxTextBytes = 64 * 1_048_576;

/**
 * Compresses text to base64. gzip, so that operators can read it with common tools.
 * @throws StoreError `too_large` for a text that `unpack` would refuse
 */
export function pack(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxTextBytes)
    throw tooLarge({ store: "compressed records", what: "a record", bytes, maxBytes: maxTextBytes });
  return gzipSync(text).toString("base64");
}

/**
 * Decompresses packed text. `name` identifies it in messages.
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
