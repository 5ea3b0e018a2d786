import { hash } from "node:crypto";
import { type StreamKey, streamKey } from "../../core/names.ts";
import { encodePath } from "../../huawei/sign.ts";

const largest = 99_999_999_999_999_999_999n;

/** Encodes an integer as 20 digits that count down, so that listings start with the highest. */
export const countdown = (count: number): string => String(largest - BigInt(count)).padStart(20, "0");

/** Decodes `countdown`; null for other text. */
export const fromCountdown = (text: string): number | null =>
  /^\d{20}$/.test(text) ? Number(largest - BigInt(text)) : null;

/** Encodes text as one key segment that neither XML nor paths can change. */
export const segment = (text: string): string => encodePath([text]);

const maxNameChars = 200;

/** Like `segment`, but shortens text that would exceed the length of a key or file name; it cannot be decoded. */
export const shortSegment = (text: string): string => {
  const name = segment(text);
  return name.length <= maxNameChars ? name : hash("sha256", text);
};

/** Encodes a stream key as four segments. */
export const streamPath = (stream: StreamKey): string => stream.split("/").map(segment).join("/");

/** Decodes the stream key in the four segments from `index`; null when there are fewer. */
export function streamAt(key: string, index: number): StreamKey | null {
  const parts = key.split("/").slice(index, index + 4);
  const [engine, region, projectId, instanceId] = parts.map(decodeURIComponent);
  return engine && region && projectId && instanceId
    ? streamKey({ engine, region, projectId, instanceId })
    : null;
}
