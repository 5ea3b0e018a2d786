import type { IncomingMessage } from "node:http";

/** A received request. */
export interface ReceivedRequest {
  readonly method: string;
  /** Decoded path, for routes and signatures; null for invalid escapes. */
  readonly path: string | null;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null when it exceeds the gateway's limit. */
  readonly body: string | null;
}

const maxBodyBytes = 1024 * 1024;

/** Reads a whole request; null when the client disconnected before its end. */
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
      // Drains the rest: a response sent during an upload can be lost with the connection.
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
