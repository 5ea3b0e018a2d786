import { eventJson } from "../change/event.ts";
import { parseExactJson } from "../text/json.ts";
import { sealed, unsealed } from "../text/seal.ts";
import type { JournalEntry } from "./entry.ts";
import type { DamagedEntry, Journaled, JournalPlace } from "./journal.ts";

/** Encodes an entry as JSON with a checksum, since a replay delivers its event as it is read. */
export function encodeEntry(entry: JournalEntry): string {
  if (entry.kind === "delivery") return sealed(JSON.stringify(entry));
  const { event, sinks, ...place } = entry;
  const head = JSON.stringify(place).slice(0, -1);
  return sealed(`${head},"event":${eventJson(event)},"sinks":${JSON.stringify(sinks)}}`);
}

/** Decodes a stored entry; one whose text was altered is reported as damaged. */
export function decodeEntry(text: string, place: JournalPlace): Journaled | DamagedEntry {
  const json = unsealed(text);
  return json === null
    ? { kind: "damaged", ...place }
    : { ...(parseExactJson(json) as JournalEntry), ...place };
}
