import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { CallOptions, Clock } from "../core/clock.ts";
import type { SimulatedResponse } from "./response.ts";

/** Sends a response in the given way. Ends early when the client disconnects or the signal aborts. */
export async function send(
  { status, headers, body, wire }: SimulatedResponse,
  response: ServerResponse,
  clock: Clock,
  { signal }: CallOptions,
): Promise<void> {
  const bytes = Buffer.from(body);
  const length = bytes.length + (wire.kind === "padded" ? wire.bytes : 0);
  const begin = () => response.writeHead(status, { ...headers, "content-length": length });
  switch (wire.kind) {
    case "whole":
      begin().end(bytes);
      return;
    case "cut":
      begin().write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "hang":
      return;
    case "drip":
      begin();
      for (const byte of bytes) {
        if (signal.aborted || response.destroyed) return;
        response.write(Buffer.of(byte));
        await clock.sleep(wire.everyMs, signal);
      }
      response.end();
      return;
    case "padded":
      begin();
      await endingEarly(pipeline(Readable.from(padded(bytes, wire.bytes)), response));
      return;
    default:
      wire satisfies never;
  }
}

const chunk = Buffer.alloc(65_536, " ");

function* padded(bytes: Buffer, paddingBytes: number): Generator<Buffer> {
  yield bytes;
  for (let left = paddingBytes; left > 0; left -= chunk.length) yield chunk.subarray(0, left);
}

const goneCodes: ReadonlySet<unknown> = new Set(["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE"]);

/** A client may disconnect when a body is too large for it. */
async function endingEarly(sending: Promise<void>): Promise<void> {
  try {
    await sending;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && goneCodes.has(error.code))) throw error;
  }
}
