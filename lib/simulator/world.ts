import type { Clock, Random } from "../core/clock.ts";
import type { Engine } from "../core/names.ts";
import { hexId } from "./random.ts";

/** A simulated instance. */
export interface SimulatedInstance {
  readonly id: string;
  readonly projectId: string;
  readonly engine: Engine;
  readonly name: string;
  readonly createdAtMs: number;
}

/** An instance to add. */
export interface NewInstance {
  readonly engine: Engine;
  readonly name: string;
  readonly projectId: string;
  /** @default generated */
  readonly id?: string;
}

/** One status of a task's life. */
export interface StatusStep {
  readonly status: string;
  /** Time since the task's start, milliseconds. */
  readonly afterMs: number;
}

/** A task to start. */
export interface NewTask {
  /** The instance's id. */
  readonly instance: string;
  readonly name: string;
  /** In order; the first one's `afterMs` is 0. @default CREATED alone */
  readonly steps?: readonly StatusStep[];
  /** Sent as JSON inside a string; null for a task without params. */
  readonly params?: Readonly<Record<string, unknown>> | null;
  /** The IAM user who started it. */
  readonly user?: { readonly id: string; readonly name: string };
  /** Start time, past or future, epoch milliseconds. @default the clock's time */
  readonly startMs?: number;
  /** @default generated */
  readonly id?: string;
}

/** A record that the API may show. */
export interface SimulatedRecord {
  /** Null when the record has no readable id. */
  readonly id: string | null;
  readonly createdAtMs: number;
  /** Builds the record; called only when it is on a page. */
  read(): unknown;
}

/** Delay of the API's view behind the real state. */
export interface Lag {
  readonly taskMs: number;
  readonly statusMs: number;
}

/** The API's state, which follows from the clock alone. Throws for an unknown id, which is a defect. */
export interface World {
  addInstance(instance: NewInstance): SimulatedInstance;
  /** Removes its tasks, too. */
  removeInstance(instanceId: string): void;
  instances(): readonly SimulatedInstance[];
  instance(instanceId: string): SimulatedInstance | null;
  /** Starts a task, whose status then follows from the clock. Returns its id. */
  start(task: NewTask): string;
  /** Sets a task's status now and drops its remaining steps. */
  setStatus(taskId: string, status: string): void;
  /** Deletes a task's record, as a user can. */
  remove(taskId: string): void;
  /** Adds a record that is shown unchanged, however malformed. */
  addRaw(instanceId: string, record: unknown, createdAtMs?: number): void;
  /** The records visible now, in the order of creation calls. */
  rows(instanceId: string, lag?: Lag): readonly SimulatedRecord[];
}

interface StatusChange {
  readonly status: string;
  readonly atMs: number;
}

interface SimulatedTask {
  readonly id: string | null;
  readonly createdAtMs: number;
  /** Empty for a raw record. */
  history: readonly StatusChange[];
  /** The record as the API shows it at that instant, epoch milliseconds. */
  read(atMs: number): unknown;
}

/** Changes are visible at once. */
export const noLag: Lag = { taskMs: 0, statusMs: 0 };

/** Creates an empty world. */
export function createWorld({ clock, random }: { readonly clock: Clock; readonly random: Random }): World {
  const instances = new Map<string, SimulatedInstance>();
  const entries = new Map<string, SimulatedTask[]>();

  function entriesOf(instanceId: string): SimulatedTask[] {
    const found = entries.get(instanceId);
    if (found === undefined) throw new Error(`no simulated instance ${instanceId}`);
    return found;
  }

  function locate(taskId: string): { readonly siblings: SimulatedTask[]; readonly entry: SimulatedTask } {
    for (const siblings of entries.values()) {
      const entry = siblings.findLast(({ id }) => id === taskId);
      if (entry !== undefined) return { siblings, entry };
    }
    throw new Error(`no simulated task ${taskId}`);
  }

  return {
    addInstance({ engine, name, projectId, id = uuid(hexId(random)) }) {
      const instance = { id, projectId, engine, name, createdAtMs: clock.now() };
      instances.set(id, instance);
      entries.set(id, []);
      return instance;
    },
    removeInstance(instanceId) {
      entriesOf(instanceId);
      instances.delete(instanceId);
      entries.delete(instanceId);
    },
    instances: () => [...instances.values()],
    instance: (instanceId) => instances.get(instanceId) ?? null,
    start(task) {
      const { instance, id = hexId(random), startMs = clock.now() } = task;
      entriesOf(instance).push(taskEntry(task, id, startMs));
      return id;
    },
    setStatus(taskId, status) {
      const { entry } = locate(taskId);
      const atMs = clock.now();
      entry.history = [...entry.history.filter((change) => change.atMs <= atMs), { status, atMs }];
    },
    remove(taskId) {
      const { siblings, entry } = locate(taskId);
      siblings.splice(siblings.indexOf(entry), 1);
    },
    addRaw(instanceId, record, createdAtMs = clock.now()) {
      entriesOf(instanceId).push({ id: idOf(record), createdAtMs, history: [], read: () => record });
    },
    rows(instanceId, lag = noLag) {
      const nowMs = clock.now();
      return entriesOf(instanceId)
        .filter(({ createdAtMs }) => createdAtMs + lag.taskMs <= nowMs)
        .map((entry) => ({
          id: entry.id,
          createdAtMs: entry.createdAtMs,
          read: () => entry.read(nowMs - lag.statusMs),
        }));
    },
  };
}

const operator = { id: "00000000000000000000000000000001", name: "operator" };

function taskEntry(task: NewTask, id: string, startMs: number): SimulatedTask {
  const { name, steps = [{ status: "CREATED", afterMs: 0 }], params = null, user = operator } = task;
  const shared = {
    id,
    name,
    user_name: user.name,
    user_id: user.id,
    params: params === null ? "" : JSON.stringify(params),
  };
  const entry: SimulatedTask = {
    id,
    createdAtMs: startMs,
    history: steps.map(({ status, afterMs }) => ({ status, atMs: startMs + afterMs })),
    read(atMs) {
      const latest = entry.history.findLast((change) => change.atMs <= atMs) ?? entry.history[0];
      const [created_at, updated_at] = [startMs, latest?.atMs ?? startMs].map(iso);
      return { ...shared, status: latest?.status, created_at, updated_at };
    },
  };
  return entry;
}

const iso = (ms: number): string => new Date(ms).toISOString();

const idOf = (record: unknown): string | null =>
  typeof record === "object" && record !== null && "id" in record && typeof record.id === "string"
    ? record.id
    : null;

const uuid = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
