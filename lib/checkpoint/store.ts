import type { StreamKey } from "../core/names.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** Version of a stored record; each commit adds one. */
export type Version = number & { readonly version: unique symbol };

/** A stored record with its version. */
export interface Stored {
  readonly checkpoint: Checkpoint;
  readonly version: Version;
}

/** Result of a commit. */
export type CommitResult =
  | { readonly kind: "committed"; readonly version: Version }
  /** Another writer committed first; nothing was written. */
  | { readonly kind: "conflict" };

/** Stores checkpoints. Every method throws StoreError when the store is unavailable. */
export interface CheckpointStore {
  /** Null when the stream has no record; an unreadable record rejects instead. */
  load(stream: StreamKey): Promise<Stored | null>;
  /**
   * Writes only if the stored version is `expected` (null: no record yet). Durable when it resolves. `entries` go to the
   * journal with the record, or after it where the store cannot do both at once; a journal that fails never fails the
   * commit.
   */
  commit(
    stream: StreamKey,
    next: Checkpoint,
    expected: Version | null,
    entries?: readonly JournalEntry[],
  ): Promise<CommitResult>;
  /** Drops the stream's record from memory, because another writer may have changed it. */
  doubt?(stream: StreamKey): void;
  list(): Promise<readonly StreamKey[]>;
  /** Deletes the stream's record, outbox included. */
  reset(stream: StreamKey): Promise<void>;
  close(): Promise<void>;
}
