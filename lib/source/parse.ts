import type { Task } from "../change/task.ts";
import { taskId } from "../core/names.ts";
import { exactNumber, fieldsOf } from "../text/json.ts";
import type { SkippedTask } from "./task-source.ts";

export interface TaskPage {
  readonly tasks: readonly Task[];
  readonly skipped: readonly SkippedTask[];
  /** Records on the page, readable or not. */
  readonly received: number;
  /** Tasks on all pages, by the API's account; null when it gives none that can be read. */
  readonly taskCount: number | null;
}

const maxIdLength = 256;
const maxNameLength = 1_024;
const maxStatusLength = 64;
const maxDepth = 32;

/** More records than any page that was asked for; each costs memory many times its bytes. */
const maxRecords = 1_000;

/**
 * A page from the JSON the API sent. `problem` says why it is none. A record without an id, a status or an instant is
 * skipped; whatever else is wrong in one is repaired, since a change must be told whatever decorates it.
 */
export function parseTaskPage(body: unknown): TaskPage | { readonly problem: string } {
  const { tasks: records = null, task_count } = fieldsOf(body);
  const taskCount = parseCount(task_count);
  // How some versions write an empty list.
  if (records === null && taskCount === 0) return { tasks: [], skipped: [], received: 0, taskCount };
  if (!Array.isArray(records)) return { problem: "no list of tasks" };
  if (records.length > maxRecords) return { problem: `${records.length} tasks in one page` };
  const tasks: Task[] = [];
  const skipped: SkippedTask[] = [];
  for (const record of records) {
    const read = parseTask(fieldsOf(record));
    if ("problem" in read) skipped.push(read);
    else tasks.push(read);
  }
  return { tasks, skipped, received: records.length, taskCount };
}

function parseTask(record: Readonly<Record<string, unknown>>): Task | SkippedTask {
  const [id, status] = [plainText(record["id"]), plainText(record["status"])];
  const created = parseInstant(record["created_at"]);
  const updated = parseInstant(record["updated_at"]);
  const createdAtMs = created ?? updated;
  if (!isText(id, maxIdLength)) return { id: null, createdAtMs, problem: textProblem("id", id, maxIdLength) };
  if (!isText(status, maxStatusLength))
    return { id, createdAtMs, problem: textProblem("status", status, maxStatusLength) };
  if (createdAtMs === null) return { id, createdAtMs, problem: "created_at and updated_at hold no instant" };
  return {
    id: taskId(id),
    name: repairedText(record["name"]) ?? "",
    status,
    params: parseParams(record["params"]),
    user: { id: repairedText(record["user_id"]), name: repairedText(record["user_name"]) },
    createdAtMs,
    updatedAtMs: updated,
  };
}

/** Half a surrogate pair is no text: it cannot be percent-encoded into an event id. */
const isText = (value: unknown, maxLength: number): value is string =>
  typeof value === "string" && value !== "" && value.length <= maxLength && value.isWellFormed();

/** A number stands for its digits. */
const plainText = (value: unknown): unknown => (typeof value === "number" ? String(value) : value);

function textProblem(field: string, value: unknown, maxLength: number): string {
  if (value === undefined || value === null || value === "") return `${field} is missing`;
  if (typeof value === "string" && value.length <= maxLength) return `${field} is broken Unicode`;
  if (typeof value === "string") return `${field} is longer than ${maxLength} characters`;
  return `${field} is no text but ${Array.isArray(value) ? "a list" : `of type ${typeof value}`}`;
}

/** What only decorates a task, as text: cut, with half surrogate pairs replaced; null where there is nothing. */
function repairedText(value: unknown): string | null {
  if (isText(value, maxNameLength)) return value;
  if (value === undefined || value === null || value === "") return null;
  const text = typeof value === "string" ? value : jsonOf(value);
  return (text.length > maxNameLength ? `${text.slice(0, maxNameLength - 1)}…` : text).toWellFormed();
}

/** A string in the API's own examples, but its sister calls send objects. */
function parseParams(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value.toWellFormed() : jsonOf(value);
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // Each level takes a stack frame to write, but none to read.
    if (!(error instanceof RangeError)) throw error;
    return JSON.stringify(withoutDepths(value, maxDepth));
  }
}

/** The value down to so many levels; what lies deeper is left out. */
function withoutDepths(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null || exactNumber(value) !== null) return value;
  if (levels === 0) return "…";
  if (Array.isArray(value)) return value.map((item) => withoutDepths(item, levels - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutDepths(inner, levels - 1)]),
  );
}

/** Declared a string, and sent as a number by sister calls. */
function parseCount(value: unknown): number | null {
  const count = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

const iso = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/;
// Thirteen digits are 2001 to 2286; fourteen could be a compact date.
const epochMs = /^\d{13}$/;

/** ISO 8601, UTC where no zone is given, or epoch milliseconds; null when it is neither. */
function parseInstant(value: unknown): number | null {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string") return null;
  if (usual.test(text)) return usualInstant(text);
  const match = iso.exec(text);
  if (match === null) return epochMs.test(text) ? Number(text) : null;
  return numberOrNull(Date.parse(match[1] === undefined ? `${text}Z` : text));
}

/** As the API writes them, but for the last days of a month, which only a calendar can tell. */
const usual =
  /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** Half of Date.parse's cost, which is a tenth of a listing's. */
function usualInstant(text: string): number {
  const two = (at: number): number => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 11 * 48;
  const millisecond = two(20) * 10 + text.charCodeAt(22) - 48;
  return Date.UTC(two(0) * 100 + two(2), two(5) - 1, two(8), two(11), two(14), two(17), millisecond);
}

const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
