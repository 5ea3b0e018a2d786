import type { Clock } from "../core/clock.ts";
import { decodeEntry, encodeEntry } from "../journal/codec.ts";
import { type JournalEntry, taskOf } from "../journal/entry.ts";
import { deliveriesPerEvent, isTaskNamed, type Journal } from "../journal/journal.ts";
import { pack, unpack } from "./packed.ts";

/** One page of a journal. Keys are ordered by time. */
export interface JournalPage {
  readonly key: string;
  /** Packed entries. */
  readonly text: string;
}

/** Bounds of keys, both included. */
export interface KeySpan {
  readonly from: string;
  readonly until: string;
  readonly newestFirst: boolean;
}

/** Stores the pages of a journal. Every method throws StoreError. */
export interface JournalPages {
  put(page: JournalPage): Promise<void>;
  read(span: KeySpan): AsyncIterable<JournalPage>;
  /** Lists all keys, newest first. */
  keys(): AsyncIterable<string>;
  remove(keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Bytes of entries in a page, as JSON: fits an item of DynamoDB. */
const maxPageBytes = 256 * 1_024;
/** Pages deleted at once. */
const sliceSize = 200;

const timeOf = (ms: number): string => String(Math.max(0, Math.floor(ms))).padStart(15, "0");
/** Sorts after every key of its millisecond. */
const last = "~";

/** A page's key: when and as which of its process it was written, its entries of each kind, and a unique id. */
const keyPattern = /^(\d{15})-\d{9}-(\d+)-(\d+)-/;

/**
 * A journal in pages: one for each commit, so that a commit costs one more write however many entries it has. Tasks are
 * found by reading the pages of their time.
 */
export function pagedJournal(pages: JournalPages, { clock, newId }: PagedJournalDeps): Journal {
  let written = 0;
  return {
    append: async (entries) => {
      const time = timeOf(clock.now());
      const made = inPages(entries).map((texts) => {
        written += 1;
        return pageOf(texts, `${time}-${String(written).padStart(9, "0")}`, newId());
      });
      for (const page of made) await pages.put(page);
    },
    async *read({ sinceMs, untilMs, task, newestFirst = false }) {
      const until = untilMs === undefined ? last : timeOf(untilMs) + last;
      for await (const page of pages.read({ from: timeOf(sinceMs), until, newestFirst })) {
        const entries = entriesIn(page);
        for (const entry of newestFirst ? entries.reverse() : entries)
          if (entry.kind === "damaged" || task === undefined || isTaskNamed(taskOf(entry), task)) yield entry;
      }
    },
    trim: async ({ sinceMs, maxEvents }) => {
      const old: string[] = [];
      let events = 0;
      let deliveries = 0;
      for await (const key of pages.keys()) {
        const [, ms, ofEvents = "0", ofDeliveries = "0"] = keyPattern.exec(key) ?? [];
        // A page goes as a whole, so one that has wanted entries stays.
        const hasEvents = Number(ofEvents) > 0 && events < maxEvents;
        const hasDeliveries = Number(ofDeliveries) > 0 && deliveries < maxEvents * deliveriesPerEvent;
        events += Number(ofEvents);
        deliveries += Number(ofDeliveries);
        if (Number(ms) < sinceMs || !(hasEvents || hasDeliveries)) old.push(key);
      }
      await pages.remove(old.slice(-sliceSize));
      return old.length > sliceSize;
    },
    trimEveryMs: 3_600_000,
    settled: async () => {},
    close: () => pages.close(),
  };
}

/** Parts that a journal in pages needs. */
export interface PagedJournalDeps {
  readonly clock: Clock;
  /** Returns a unique text, which is part of a page's key. */
  readonly newId: () => string;
}

type EncodedEntry = readonly [kind: JournalEntry["kind"], text: string];

function inPages(entries: readonly JournalEntry[]): readonly (readonly EncodedEntry[])[] {
  const made: EncodedEntry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const text = encodeEntry(entry);
    bytes += Buffer.byteLength(text);
    if (bytes > maxPageBytes) {
      made.push([]);
      bytes = Buffer.byteLength(text);
    }
    made.at(-1)?.push([entry.kind, text]);
  }
  return made;
}

function pageOf(entries: readonly EncodedEntry[], place: string, id: string): JournalPage {
  const events = entries.filter(([kind]) => kind === "event").length;
  return {
    key: `${place}-${events}-${entries.length - events}-${id}`,
    text: pack(JSON.stringify(entries.map(([, text]) => text))),
  };
}

function entriesIn({ key, text }: JournalPage) {
  const writtenMs = Number(key.slice(0, 15));
  const texts = textsIn(text, key);
  // A page that cannot be unpacked counts as one damaged entry.
  return (texts ?? [""]).map((each, index) => decodeEntry(each, { id: `${key}/${index}`, writtenMs }));
}

function textsIn(text: string, key: string): readonly string[] | null {
  try {
    return JSON.parse(unpack(text, key)) as readonly string[];
  } catch {
    return null;
  }
}
