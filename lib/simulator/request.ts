import type { IncomingMessage } from "node:http";

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  /** Decoded, for routes and signatures alike; null where its escapes are wrong. */
  readonly path: string | null;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null where it is longer than the gateway takes. */
  readonly body: string | null;
}

const maxBodyBytes = 1024 * 1024;

/** Reads a request to its end; null when the client went away before. */
export async function receive(incoming: IncomingMessage): Promise<ReceivedRequest | null> {
  const [path = "", ...query] = (incoming.url ?? "").split("?");
  const body = await bodyOf(incoming);
  if (body === "gone") return null;
  return {
    method: incoming.method ?? "",
    path: decoded(path),
    query: new URLSearchParams(query.join("?")),
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
    ),
    body: body === "too large" ? null : body.toString(),
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer | "gone" | "too large"> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming) {
      bytes += chunk.length;
      // The rest is read and dropped: an answer sent into an upload can be lost with the connection.
      if (bytes <= maxBodyBytes) chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ECONNRESET") return "gone";
    throw error;
  }
  return bytes > maxBodyBytes ? "too large" : Buffer.concat(chunks);
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
