import type { Refusal } from "../../core/result.ts";

/** The refusal of a write to a file, in one form of words. */
export const notWritten = (kind: Refusal["kind"], reason: Refusal["reason"], problem: string): Refusal => ({
  kind,
  reason,
  detail: `the file cannot be written: ${problem}`,
});

type FileProblem = readonly [Refusal["kind"], Refusal["reason"], problem: string];
const full: FileProblem = ["retry", "server_error", "no space is left"];
const busy: FileProblem = ["retry", "server_error", "the system has no room for it now"];
const broken: FileProblem = ["retry", "server_error", "the disk fails"];
const forbidden: FileProblem = ["blocked", "unauthorized", "permission is missing"];
const misplaced: FileProblem = ["blocked", "not_found", "its path leads nowhere"];

const problems: ReadonlyMap<unknown, FileProblem> = new Map([
  ["ENOSPC", full],
  ["EDQUOT", full],
  ["EFBIG", ["retry", "server_error", "it has reached the largest size"]],
  ["EAGAIN", busy],
  ["EBUSY", busy],
  ["EMFILE", busy],
  ["ENFILE", busy],
  ["ENOMEM", busy],
  ["ETXTBSY", busy],
  ["EIO", broken],
  ["ENXIO", broken],
  ["ESTALE", broken],
  ["ETIMEDOUT", broken],
  ["EACCES", forbidden],
  ["EPERM", forbidden],
  ["EROFS", ["blocked", "unauthorized", "the disk is read-only"]],
  ["EEXIST", misplaced],
  ["EISDIR", misplaced],
  ["ELOOP", misplaced],
  ["ENAMETOOLONG", misplaced],
  ["ENOENT", misplaced],
  ["ENOTDIR", misplaced],
]);

/** Maps an error to a reason; null for one that no disk causes, which is a defect. */
export function fileRefusal(error: unknown): Refusal | null {
  if (!(error instanceof Error && "code" in error)) return null;
  const [kind, reason, problem] = problems.get(error.code) ?? [];
  return kind && reason ? notWritten(kind, reason, `${problem} (${error.code})`) : null;
}
