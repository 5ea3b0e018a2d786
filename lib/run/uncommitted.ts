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

  get differences(): readonly Difference[] {
    return this.#differences;
  }

  /** Whether the store refused a record with further differences as too large. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Whether a further commit may take some. */
  get hasMore(): boolean {
    return !this.#isFull && this.#differences.length > 0;
  }

  /** Something else was read: they are computed anew. */
  renew(): void {
    this.#base = null;
    this.#isFull = false;
  }

  /** Computes them, unless that was done from this very record. */
  rebase(checkpoint: Checkpoint, compute: () => readonly Difference[]): void {
    if (this.#base === checkpoint) return;
    this.#differences = [...compute()];
    this.#base = checkpoint;
  }

  /** The first of them are committed. */
  committed({ taken, next }: Pick<CommitPlan, "taken" | "next">): void {
    // In place: copies for each commit of a first read would add up to a hundred megabytes.
    this.#differences.splice(0, taken);
    this.#base = next;
  }

  /** Leaves them to the next look or run when a commit failed because they do not fit; false for other failures. */
  leaveAfter(error: unknown): boolean {
    if (!this.hasMore || !(error instanceof StoreError && error.reason === "too_large")) return false;
    this.#isFull = true;
    return true;
  }
}
