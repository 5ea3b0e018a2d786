import type { IncomingMessage } from "node:http";
import { bodyWithin } from "../net/request-body.ts";
import { parseJson } from "../text/json.ts";

/** A longer event wakes all streams. */
const maxEventBytes = 1_048_576;

/** Reads a request's event, of any shape; its text when it is no JSON. */
export async function eventOf(request: IncomingMessage): Promise<unknown> {
  const body = await bodyWithin(request, maxEventBytes);
  return body === null ? {} : (parseJson(body) ?? body);
}
