import type { Difference } from "../change/diff.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { StoreError } from "../core/errors.ts";
import type { CommitPlan } from "./commit-plan.ts";

/** Differences between what was read and the record that are not committed yet, oldest task first. */
export class Uncommitted {
  #differences: Difference[] = [];
  /** The record that the differences were computed from. */
  #base: Checkpoint | null = null;
  #isFull = false;
  /** Whether the next differences wait until the sinks have made room in the record. */
  isWaiting = false;

  get differences(): readonly Difference[] {
    return this.#differences;
  }

  /** Whether the store refused a record with further differences as too large. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Whether a further commit may take differences. */
  get hasMore(): boolean {
    return !this.#isFull && this.#differences.length > 0;
  }

  /** Has the differences computed anew, after another reading of the stream. */
  renew(): void {
    this.#base = null;
    this.#isFull = false;
  }

  /** Computes the differences from a record, unless they were computed from that one. */
  rebase(checkpoint: Checkpoint, compute: () => readonly Difference[]): void {
    if (this.#base === checkpoint) return;
    this.#differences = [...compute()];
    this.#base = checkpoint;
  }

  /** Removes the differences that a commit took, and returns them. */
  committed({ taken, next }: Pick<CommitPlan, "taken" | "next">): readonly Difference[] {
    this.#base = next;
    // In place: copies for each commit of a first read would add up to a hundred megabytes.
    return this.#differences.splice(0, taken);
  }

  /** Leaves the differences to the next look or run when a commit failed as too large; false for other failures. */
  leaveAfter(error: unknown): boolean {
    if (!this.hasMore || !(error instanceof StoreError && error.reason === "too_large")) return false;
    this.#isFull = true;
    return true;
  }
}
