import type { JournalEntry } from "./entry.ts";

/** Position of a stored entry. */
export interface JournalPlace {
  /** Unique in the journal. */
  readonly id: string;
  /** When it was written, epoch milliseconds: with the commit, so later than its own instant. */
  readonly writtenMs: number;
}

/** A stored entry. */
export type Journaled = JournalEntry & JournalPlace;

/** A stored entry that cannot be read. */
export interface DamagedEntry extends JournalPlace {
  readonly kind: "damaged";
}

/** Selects entries; omitted fields match all. */
export interface JournalSpan {
  /** Only entries written at or after this instant, epoch milliseconds. */
  readonly sinceMs: number;
  /** Only entries written at or before this instant, epoch milliseconds. @default no bound */
  readonly untilMs?: number;
  /** Only entries of tasks whose id is this text, or begins or ends with it. @default every task */
  readonly task?: string;
  /** @default oldest first */
  readonly newestFirst?: boolean;
}

/** How much a journal keeps. */
export interface JournalLimits {
  /** Age at which an entry is deleted, milliseconds. */
  readonly keepMs: number;
  /** Number of newest events kept at least; with them, ten times as many entries of deliveries. */
  readonly maxEvents: number;
}

/** How many entries of deliveries are kept for each event that the limits allow. */
export const deliveriesPerEvent = 10;

/** Limits of a trim: newer and fewer entries than these stay. */
export interface Kept extends Pick<JournalLimits, "maxEvents"> {
  /** Older entries are deleted, epoch milliseconds. */
  readonly sinceMs: number;
}

/**
 * The journal: which events were emitted, and how each delivery went. It is a report; no delivery depends on it.
 * @throws StoreError from every method when the store is unavailable
 */
export interface Journal {
  /** Adds entries. Durable when it resolves. */
  append(entries: readonly JournalEntry[]): Promise<void>;
  /**
   * Reads entries in the order they were written, page by page, so that memory stays flat. Entries that are written
   * meanwhile may be missing.
   */
  read(span: JournalSpan): AsyncIterable<Journaled | DamagedEntry>;
  /**
   * Deletes one bounded slice of entries, the oldest first, that are older than `sinceMs` or too many. Never fewer than
   * `maxEvents` stay; a few more may, where a store deletes whole pages. Returns whether more may be left.
   */
  trim(kept: Kept): Promise<boolean>;
  /** How often a trim is worth its cost, milliseconds. */
  readonly trimEveryMs: number;
  /** Waits for entries of earlier commits that are still being written. Never rejects. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Whether a task's id is this text, or begins or ends with it. */
export const isTaskNamed = (id: string, text: string): boolean => id.startsWith(text) || id.endsWith(text);
