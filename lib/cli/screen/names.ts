import { shortNames } from "../../status/names.ts";
import type { StreamStatus } from "../../status/streams.ts";
import { shortId } from "./format.ts";
import type { Output } from "./output.ts";

/** How a command writes streams and ids. */
export interface Names {
  stream(key: string): string;
  id(id: string): string;
}

/** Short names on a terminal; whole keys and ids in a pipe, and with `-o wide`. */
export function namesOn(
  out: Output,
  streams: readonly Pick<StreamStatus, "key" | "name">[],
  isWide: boolean,
): Names {
  if (isWide || !out.isTerminal) return { stream: (key) => key, id: (id) => id };
  const short = shortNames(streams);
  return { stream: (key) => short.get(key) ?? key, id: shortId };
}
