import { hash } from "node:crypto";
import { type StreamKey, streamKey } from "../../core/names.ts";
import { encodePath } from "../../huawei/sign.ts";

const largest = 99_999_999_999_999_999_999n;

/** A whole number as 20 digits that count down, so that a listing begins with the highest. */
export const countdown = (count: number): string => String(largest - BigInt(count)).padStart(20, "0");

/** The number again; null where the text is none. */
export const fromCountdown = (text: string): number | null =>
  /^\d{20}$/.test(text) ? Number(largest - BigInt(text)) : null;

/** Any text as one segment of a key, without anything that XML or a path could change. */
export const segment = (text: string): string => encodePath([text]);

const maxNameChars = 200;

/** The same for a text that may be too long for a key, or for a file of a store that keeps objects in a file system: it cannot be read back. */
export const shortSegment = (text: string): string => {
  const name = segment(text);
  return name.length <= maxNameChars ? name : hash("sha256", text);
};

/** A stream's key as four segments. */
export const streamPath = (stream: StreamKey): string => stream.split("/").map(segment).join("/");

/** The stream whose four segments a key has from the given one on; null where it has not so many. */
export function streamAt(key: string, index: number): StreamKey | null {
  const parts = key.split("/").slice(index, index + 4);
  const [engine, region, projectId, instanceId] = parts.map(decodeURIComponent);
  return engine && region && projectId && instanceId
    ? streamKey({ engine, region, projectId, instanceId })
    : null;
}
