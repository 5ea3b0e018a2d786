import { isFinal, type Task } from "../../lib/change/task.ts";
import { isInWindow } from "../../lib/change/window.ts";
import type { Random } from "../../lib/core/clock.ts";
import { type StreamKey, type TaskId, taskId } from "../../lib/core/names.ts";
import { between, pick } from "../../lib/simulator/random.ts";
import type { SkippedTask } from "../../lib/source/task-source.ts";
import type { FaultCounts } from "./faults.ts";

const secondMs = 1_000;
const minuteMs = 60_000;

/** A task's whole life, fixed when it is made: what the API shows follows from the instant alone. */
export interface Life {
  readonly id: TaskId;
  readonly stream: StreamKey;
  readonly name: string;
  readonly createdAtMs: number;
  readonly visibleAtMs: number;
  readonly deletedAtMs: number;
  readonly readableAtMs: number;
  readonly stages: readonly Stage[];
}

interface Stage {
  readonly status: string;
  readonly atMs: number;
  /** What the API shows as updated_at. */
  readonly updatedAtMs: number;
}

export interface ApiRecord {
  readonly task: Task | null;
  readonly skipped: SkippedTask | null;
  readonly createdAtMs: number;
  readonly id: TaskId;
}

export interface Birth {
  readonly count: number;
  readonly spreadMs: number;
  readonly longestMs: number;
  /** Created this long ago, and visible by now. */
  readonly ageMs: number;
}

/** The API's tasks. All instants are the API's own clock's, unless named otherwise. */
export class SimulatedWorld {
  readonly lives: Life[] = [];
  readonly #faults: FaultCounts;
  readonly #maxLagMs: number;
  #made = 0;

  /** `maxLagMs`: how late a task may show; below the lookback, as the promise asks. */
  constructor(faults: FaultCounts, maxLagMs: number) {
    this.#faults = faults;
    this.#maxLagMs = maxLagMs;
  }

  /** Makes tasks from this instant on. */
  give(stream: StreamKey, nowMs: number, birth: Birth, random: Random): void {
    const baseMs = nowMs - birth.ageMs;
    if (birth.count > 1 && birth.spreadMs === 0) this.#faults.hit("api: many tasks in one second");
    for (let made = 0; made < birth.count; made += 1) {
      const spreadMs = birth.spreadMs > 0 ? between(random, 0, birth.spreadMs) : between(random, 0, 999);
      const startMs = birth.spreadMs > 0 ? baseMs : Math.floor(baseMs / secondMs) * secondMs;
      this.lives.push(this.#life(stream, startMs + spreadMs, birth, random));
    }
  }

  /** What a listing from `beginMs` holds at an instant, newest first, with statuses `lagMs` late. */
  list(stream: StreamKey, beginMs: number, nowMs: number, lagOf: (life: Life) => number): ApiRecord[] {
    const records: ApiRecord[] = [];
    for (const life of this.lives) {
      if (life.stream !== stream || !isInWindow(life.createdAtMs, beginMs)) continue;
      const record = this.show(life, nowMs, lagOf(life));
      if (record) records.push(record);
    }
    return records.sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1));
  }

  find(stream: StreamKey, id: TaskId): Life | undefined {
    return this.lives.find((life) => life.id === id && life.stream === stream);
  }

  /** Null while it is not visible. */
  show(life: Life, nowMs: number, lagMs: number): ApiRecord | null {
    if (nowMs < life.visibleAtMs || nowMs >= life.deletedAtMs) return null;
    const { id, createdAtMs } = life;
    if (nowMs < life.readableAtMs) {
      const known = life.name.length % 2 === 0 ? createdAtMs : null;
      return {
        task: null,
        skipped: { id, createdAtMs: known, problem: "a field is wrong" },
        createdAtMs,
        id,
      };
    }
    const stage = life.stages.findLast(({ atMs }) => atMs <= nowMs - lagMs) ?? life.stages[0];
    if (!stage) return null;
    const { status, updatedAtMs } = stage;
    const user = { id: null, name: null };
    const task: Task = { id, name: life.name, status, params: null, user, createdAtMs, updatedAtMs };
    return { task, skipped: null, createdAtMs, id };
  }

  /** From when on nothing moves any more. */
  settledAtMs(): number {
    const ends = this.lives.map(({ stages, visibleAtMs, readableAtMs, deletedAtMs }) =>
      Math.max(
        visibleAtMs,
        readableAtMs,
        Number.isFinite(deletedAtMs) ? deletedAtMs : 0,
        stages.at(-1)?.atMs ?? 0,
      ),
    );
    return Math.max(0, ...ends);
  }

  #life(stream: StreamKey, createdAtMs: number, { longestMs, ageMs }: Birth, random: Random): Life {
    this.#made += 1;
    const lateMs = ageMs === 0 && random() < 0.3 ? between(random, 1, this.#maxLagMs) : 0;
    if (lateMs > secondMs) this.#faults.hit("api: task visible late");
    const stages = this.#stages(createdAtMs, longestMs, random);
    const endMs = stages.at(-1)?.atMs ?? createdAtMs;
    const deleted = random() < 0.06;
    const unreadable = ageMs === 0 && random() < 0.05;
    if (deleted) this.#faults.hit("api: task deleted");
    const id = taskId(`t${String(this.#made).padStart(3, "0")}`);
    return {
      id,
      stream,
      name: pick(random, ["create", "resize", "restart"]),
      createdAtMs,
      visibleAtMs: createdAtMs + lateMs,
      deletedAtMs: deleted
        ? between(random, createdAtMs + minuteMs, endMs + 60 * minuteMs)
        : Number.POSITIVE_INFINITY,
      readableAtMs: unreadable ? createdAtMs + between(random, secondMs, 20 * minuteMs) : createdAtMs,
      stages,
    };
  }

  #stages(createdAtMs: number, longestMs: number, random: Random): readonly Stage[] {
    const statuses = this.#course(random);
    const flaw = random();
    const isMonotone = !statuses.some((status, index) => isFinal(status) && index < statuses.length - 1);
    const isPlain = isMonotone && !statuses.includes("PAUSED") && statuses.length > 1;
    const missing = isPlain && flaw < 0.06;
    const sameInstant = isPlain && flaw > 0.94;
    if (missing) this.#faults.hit("api: updated_at missing");
    if (sameInstant) this.#faults.hit("api: two statuses in one millisecond");
    let atMs = createdAtMs;
    return statuses.map((status, index) => {
      // From a fraction of a second to the longest, each magnitude as likely.
      if (index > 0) atMs += Math.floor(300 * (longestMs / 300) ** random()) + 1;
      const updatedAtMs = missing ? createdAtMs : sameInstant ? createdAtMs + 7 : atMs;
      return { status, atMs, updatedAtMs };
    });
  }

  #course(random: Random): readonly string[] {
    const end = pick(random, ["SUCCESS", "SUCCESS", "FAILED", "CANCELLED", "DELETED"]);
    const kind = random();
    if (kind < 0.45) return ["CREATED", "EXECUTING", end];
    if (kind < 0.6) {
      this.#faults.hit("api: status jumps");
      return ["CREATED", end];
    }
    if (kind < 0.7) return [end];
    if (kind < 0.82) {
      this.#faults.hit("api: ended task runs again");
      return ["EXECUTING", "FAILED", "EXECUTING", end];
    }
    if (kind < 0.92) {
      this.#faults.hit("api: unknown status");
      return ["CREATED", "PAUSED", "EXECUTING", end];
    }
    return ["CREATED", "EXECUTING"];
  }
}
