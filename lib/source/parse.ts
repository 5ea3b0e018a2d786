import type { Task } from "../change/task.ts";
import { taskId } from "../core/names.ts";
import { exactNumber, fieldsOf } from "../text/json.ts";
import { truncate } from "../text/one-line.ts";
import type { SkippedTask } from "./task-source.ts";

/** A page of tasks. */
export interface TaskPage {
  readonly tasks: readonly Task[];
  readonly skipped: readonly SkippedTask[];
  /** Records on the page, readable or not. */
  readonly received: number;
  /** The API's count of tasks on all pages; null when missing or unreadable. */
  readonly taskCount: number | null;
}

const maxIdLength = 256;
const maxNameLength = 1_024;
const maxStatusLength = 64;
const maxDepth = 32;

/** Maximum records of a page; each takes many times its bytes in memory. */
const maxRecords = 1_000;

/**
 * Parses a page of the API's JSON; `problem` says why it is not one. Records without id, status or instant are skipped;
 * other faults are repaired, since a change must be emitted despite them.
 */
export function parseTaskPage(body: unknown): TaskPage | { readonly problem: string } {
  const { tasks: records, task_count } = fieldsOf(body);
  const taskCount = parseCount(task_count);
  // Empty lists of some versions; what the count promises is verified by the paging.
  const isEmpty = records === null || (records === undefined && taskCount === 0);
  if (isEmpty) return { tasks: [], skipped: [], received: 0, taskCount };
  if (!Array.isArray(records)) return { problem: "no list of tasks" };
  if (records.length > maxRecords) return { problem: `${records.length} tasks in one page` };
  const tasks: Task[] = [];
  const skipped: SkippedTask[] = [];
  const once = sharedTexts();
  for (const record of records) {
    const read = parseTask(fieldsOf(record), once);
    if ("problem" in read) skipped.push(read);
    else tasks.push(read);
  }
  return { tasks, skipped, received: records.length, taskCount };
}

/** Returns equal texts as one: a first read holds thousands of tasks, most with the same name, status and user. */
function sharedTexts(): <Text extends string | null>(text: Text) => Text {
  const texts = new Map<unknown, unknown>();
  return <Text>(text: Text) => {
    if (!texts.has(text)) texts.set(text, text);
    return texts.get(text) as Text;
  };
}

function parseTask(
  record: Readonly<Record<string, unknown>>,
  once: ReturnType<typeof sharedTexts>,
): Task | SkippedTask {
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
    name: once(repairedText(record["name"]) ?? ""),
    status: once(status),
    params: parseParams(record["params"]),
    user: { id: once(repairedText(record["user_id"])), name: once(repairedText(record["user_name"])) },
    createdAtMs,
    updatedAtMs: updated,
  };
}

/** Text without lone surrogates, which cannot be percent-encoded into an event id. */
const isText = (value: unknown, maxLength: number): value is string =>
  typeof value === "string" && value !== "" && value.length <= maxLength && value.isWellFormed();

/** Converts a number to its digits. */
const plainText = (value: unknown): unknown => (typeof value === "number" ? String(value) : value);

function textProblem(field: string, value: unknown, maxLength: number): string {
  if (value === undefined || value === null || value === "") return `${field} is missing`;
  if (typeof value === "string" && value.length <= maxLength) return `${field} is broken Unicode`;
  if (typeof value === "string") return `${field} is longer than ${maxLength} characters`;
  return `${field} is no text but ${Array.isArray(value) ? "a list" : `of type ${typeof value}`}`;
}

/** Repairs a descriptive field: shortened, lone surrogates replaced; null when empty. */
function repairedText(value: unknown): string | null {
  if (isText(value, maxNameLength)) return value;
  if (value === undefined || value === null || value === "") return null;
  const text = typeof value === "string" ? value : jsonOf(value);
  return truncate(text, maxNameLength).toWellFormed();
}

/** Params are text in the API's examples, but related calls send objects. */
function parseParams(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value.toWellFormed() : jsonOf(value);
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // Writing needs a stack frame per level; parsing does not.
    if (!(error instanceof RangeError)) throw error;
    return JSON.stringify(withoutDepths(value, maxDepth));
  }
}

/** Copies the value down to the given depth and omits deeper levels. */
function withoutDepths(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null || exactNumber(value) !== null) return value;
  if (levels === 0) return "…";
  if (Array.isArray(value)) return value.map((item) => withoutDepths(item, levels - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutDepths(inner, levels - 1)]),
  );
}

/** The count is declared as text, but related calls send a number. */
function parseCount(value: unknown): number | null {
  const count = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

const iso = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/;
// Thirteen digits cover 2001 to 2286; fourteen could be a compact date.
const epochMs = /^\d{13}$/;

/** Parses ISO 8601 (UTC without a zone) or epoch milliseconds; null when it is neither. */
export function parseInstant(value: unknown): number | null {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string") return null;
  const match = iso.exec(text);
  if (match === null) return epochMs.test(text) ? Number(text) : null;
  return numberOrNull(Date.parse(match[1] === undefined ? `${text}Z` : text));
}

const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
