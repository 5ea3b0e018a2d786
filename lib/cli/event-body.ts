import type { IncomingMessage } from "node:http";
import { parseJson } from "../text/json.ts";

/** A longer event is not read to its end, and wakes all streams. */
const maxEventBytes = 1_048_576;

/** Reads a request's event, of any shape; its text when it is no JSON. */
export async function eventOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxEventBytes) chunks.push(chunk);
  }
  if (bytes > maxEventBytes) return { bytes };
  const text = Buffer.concat(chunks).toString();
  return parseJson(text) ?? text;
}
