import type { IncomingMessage } from "node:http";

/** Reads a request's body to its end, so that it can be answered; null when it is longer than `maxBytes`. */
export async function bodyWithin(request: IncomingMessage, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  return bytes > maxBytes ? null : Buffer.concat(chunks).toString();
}
