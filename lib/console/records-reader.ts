import { eachOf } from "../async/each.ts";
import { owes } from "../checkpoint/pending.ts";
import type { Clock } from "../core/clock.ts";
import { StoreError } from "../core/errors.ts";
import { parseStreamKey, type StreamKey } from "../core/names.ts";
import type { Journaled } from "../journal/journal.ts";
import type { Bridge } from "../wire/bridge.ts";
import type { ConsoleModel } from "./model/model.ts";

const loadsAtOnce = 8;
const lettersEveryMs = 3_000;
/** Most records that a page shows; the busy ones come first. */
const maxRecords = 1_000;
/** How far back the journal is read, and how many of its entries. */
const journalSpanMs = 24 * 3_600_000;
const maxEntries = 10_000;
/** Entries of a commit may show this much later than they say, milliseconds. */
const journalLagMs = 10_000;
/** Commits of another process may show in the index this much later, milliseconds. */
const indexLagMs = 60_000;

/** Reads the records of a store into the model. */
export class RecordsReader {
  readonly #bridge: Pick<Bridge, "checkpoints" | "deadLetters" | "activity" | "journal">;
  readonly #model: ConsoleModel;
  readonly #clock: Clock;
  readonly #owing = new Set<StreamKey>();
  readonly #read = new Set<StreamKey>();
  readonly #touched = new Set<StreamKey>();
  #indexedMs: number | null = null;
  #lettersDueMs = 0;
  /** When the newest entry that was read was written, and the entries of the time before it. */
  #journaledMs: number;
  readonly #journaled = new Map<string, number>();

  constructor(
    bridge: Pick<Bridge, "checkpoints" | "deadLetters" | "activity" | "journal">,
    model: ConsoleModel,
    clock: Clock,
  ) {
    this.#bridge = bridge;
    this.#model = model;
    this.#clock = clock;
    this.#journaledMs = clock.now() - journalSpanMs;
  }

  /** Marks a record that was written, or may have been. */
  touch(stream: StreamKey): void {
    this.#touched.add(stream);
  }

  /** Marks everything, after an action. */
  touchAll(): void {
    for (const stream of this.#read) this.touch(stream);
    this.#lettersDueMs = 0;
  }

  /** Marks the records that another process wrote, by the index. */
  async touchActive(): Promise<void> {
    const sinceMs = this.#indexedMs;
    await this.#guarded(async () => {
      const startedMs = this.#clock.now();
      const active = await this.#bridge.activity.activeSince(sinceMs === null ? 0 : sinceMs - indexLagMs);
      this.#indexedMs = startedMs;
      const latest = [...active].sort(([, a], [, b]) => b - a).slice(0, maxRecords);
      for (const [stream] of latest) {
        this.#bridge.checkpoints.doubt?.(stream);
        this.touch(stream);
      }
    });
  }

  /** Reads the marked records, those with pending deliveries, and the counts of dead letters. */
  async read(): Promise<void> {
    await this.#guarded(async () => {
      const streams = [...this.#touched.union(this.#owing)];
      await eachOf(streams, loadsAtOnce, (stream) => this.#load(stream));
      const nowMs = this.#clock.now();
      if (nowMs < this.#lettersDueMs) return;
      this.#lettersDueMs = nowMs + lettersEveryMs;
      const letters = await this.#bridge.deadLetters.list({});
      this.#model.setDeadLetters(counted(letters.map(({ sink }) => sink)));
    });
  }

  /** Reads what the journal gained since the last call, at first its latest part; up to `untilMs`, if that is given. */
  async readJournal(untilMs?: number): Promise<void> {
    const { journal } = this.#bridge;
    if (!journal) return;
    await this.#guarded(async () => {
      const sinceMs = this.#journaledMs - journalLagMs;
      const span = { sinceMs, newestFirst: true, ...(untilMs !== undefined && { untilMs }) };
      const added: Journaled[] = [];
      for await (const entry of journal.read(span)) {
        if (entry.kind !== "damaged" && !this.#journaled.has(entry.id)) added.push(entry);
        if (added.length === maxEntries) break;
      }
      for (const entry of added.reverse()) this.#take(entry);
      for (const [id, writtenMs] of this.#journaled) {
        if (writtenMs < this.#journaledMs - journalLagMs) this.#journaled.delete(id);
      }
    });
  }

  #take(entry: Journaled): void {
    const name = entry.kind === "event" ? (entry.event.data.instance.name ?? null) : null;
    addStream(this.#model, entry.stream, name);
    this.#model.journaled(entry);
    this.#journaled.set(entry.id, entry.writtenMs);
    this.#journaledMs = Math.max(this.#journaledMs, entry.writtenMs);
  }

  /** Whether this stream's record was read once. */
  has(stream: StreamKey): boolean {
    return this.#read.has(stream);
  }

  async #load(stream: StreamKey): Promise<void> {
    // Later writes mark it again; a failure keeps the mark.
    this.#touched.delete(stream);
    const stored = await this.#bridge.checkpoints.load(stream).catch((error: unknown) => {
      this.touch(stream);
      throw error;
    });
    addStream(this.#model, stream, stored?.checkpoint.instanceName ?? null);
    this.#model.setRecord(stream, stored?.checkpoint ?? null);
    this.#read.add(stream);
    if (stored && owes(stored.checkpoint)) this.#owing.add(stream);
    else this.#owing.delete(stream);
  }

  /** A store that cannot be read is told on the page; the page keeps what it has. */
  async #guarded(body: () => Promise<void>): Promise<void> {
    try {
      await body();
      this.#model.setTrouble(null);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#model.setTrouble(error.message);
    }
  }
}

function counted(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Adds a stream by its key. */
export function addStream(model: ConsoleModel, key: StreamKey, name: string | null): void {
  const stream = parseStreamKey(key);
  if (!stream) return;
  const { engine, region, projectId, instanceId } = stream;
  model.addStream({ key, engine, region, project: projectId, instance: instanceId, name });
}
