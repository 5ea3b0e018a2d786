import type { StreamKey } from "../core/names.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** A stored record's version: grows by one with each commit. */
export type Version = number & { readonly version: unique symbol };

export interface Stored {
  readonly checkpoint: Checkpoint;
  readonly version: Version;
}

export type CommitResult =
  | { readonly kind: "committed"; readonly version: Version }
  /** Another writer was first; nothing was written. */
  | { readonly kind: "conflict" };

/** Where checkpoints last. Every method throws StoreError when the store cannot answer. */
export interface CheckpointStore {
  /** Null when the stream has no record; never null for a record that is there but cannot be read. */
  load(stream: StreamKey): Promise<Stored | null>;
  /** Writes only if the stored version is `expected` (null: nothing stored yet). Durable when it resolves. */
  commit(stream: StreamKey, next: Checkpoint, expected: Version | null): Promise<CommitResult>;
  /** Told that another writer may have changed the stream's record: what is held of it in memory counts no more. */
  doubt?(stream: StreamKey): void;
  list(): Promise<readonly StreamKey[]>;
  /** Forgets the stream's record, outbox included. */
  reset(stream: StreamKey): Promise<void>;
  close(): Promise<void>;
}
