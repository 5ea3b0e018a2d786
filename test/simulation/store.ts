import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../lib/checkpoint/codec.ts";
import type { CheckpointStore, Version } from "../../lib/checkpoint/store.ts";
import { StoreError, type StoreFailure } from "../../lib/core/errors.ts";
import { hashToUnit } from "../../lib/core/hash-to-unit.ts";
import type { StreamKey } from "../../lib/core/names.ts";
import type { DeadLetter, DeadLetterStore } from "../../lib/delivery/dead-letters.ts";
import type { JournalEntry } from "../../lib/journal/entry.ts";
import { between, pick } from "../../lib/simulator/random.ts";
import { onCommit } from "./checker.ts";
import type { Crew, History } from "./history.ts";
import { onLoad } from "./living.ts";
import { ParkedRows } from "./parked.ts";

const timeoutMs = 5_000;

/** The records as a durable store keeps them: text under a version, and every text there ever was. */
export class Records {
  readonly parked = new ParkedRows();
  readonly current = new Map<StreamKey, { readonly version: number; readonly checkpoint: Checkpoint }>();
  readonly past = new Map<StreamKey, string[]>();

  checkpoint(stream: StreamKey): Checkpoint {
    const found = this.current.get(stream);
    if (!found) throw new Error("no such record");
    return found.checkpoint;
  }

  /** With what waits beside it. */
  whole(stream: StreamKey): Checkpoint {
    return this.parked.whole(stream, this.checkpoint(stream));
  }

  put(stream: StreamKey, version: number, text: string): void {
    // Read back once, as every load would.
    this.current.set(stream, { version, checkpoint: decodeCheckpoint(stream, text) });
    const past = this.past.get(stream);
    if (past) past.push(text);
    else this.past.set(stream, [text]);
  }
}

/** How a store misbehaves: the chance of trouble for each call. */
export interface StoreTrouble {
  readonly chance: number;
  readonly isDown: boolean;
}

/** One process's way to the records. */
export function simulatedCheckpoints(
  records: Records,
  crew: Crew,
  history: History,
  trouble: StoreTrouble,
): CheckpointStore {
  const { process } = crew;
  const { random, faults } = process;
  const latencyMs = (): number => between(random, 4, 60);
  const fail = (stream: StreamKey, message: string, reason: StoreFailure = "unavailable"): never => {
    const deeds = crew.deeds.get(stream);
    if (deeds) deeds.storeFailed = true;
    throw new StoreError(reason, message);
  };
  const refuse = async (stream: StreamKey): Promise<void> => {
    if (trouble.isDown) {
      faults.hit("store: unavailable");
      await process.wait(50);
      fail(stream, "the store is down");
    }
    if (random() >= trouble.chance) return;
    const kind = pick(random, ["store: throttled", "store: time-out before the effect"] as const);
    faults.hit(kind);
    await process.wait(kind === "store: throttled" ? 20 : timeoutMs);
    fail(stream, kind);
  };
  const write = (
    stream: StreamKey,
    text: string,
    expected: Version | null,
    entries: readonly JournalEntry[],
  ) => {
    const version = records.current.get(stream)?.version ?? null;
    if (version !== expected) return { kind: "conflict" } as const;
    const next = ((version ?? 0) + 1) as Version;
    records.put(stream, next, text);
    history.witness(() => onCommit(history, crew, stream, { text, entries }, records));
    return { kind: "committed", version: next } as const;
  };
  return {
    load: async (stream) => {
      await refuse(stream);
      return process.call(latencyMs(), () => {
        const found = records.current.get(stream);
        const deeds = crew.deeds.get(stream);
        if (found && deeds) onLoad(deeds, found.checkpoint);
        return found ? { checkpoint: found.checkpoint, version: found.version as Version } : null;
      });
    },
    commit: async (stream, next, expected, entries = []) => {
      const text = encodeCheckpoint(stream, next);
      await refuse(stream);
      // By the record's own text, so that the same record is refused again, and a smaller one is taken.
      if (expected !== null && hashToUnit(text) < trouble.chance) {
        faults.hit("store: record too large");
        fail(stream, "the record is too large", "too_large");
      }
      const isRaced = random() < trouble.chance;
      const isReplyLost = random() < trouble.chance;
      const result = await process.call(latencyMs(), () => {
        const found = records.current.get(stream);
        if (isRaced && found) records.current.set(stream, { ...found, version: found.version + 1 });
        return write(stream, text, expected, entries);
      });
      if (result.kind === "conflict") faults.hit("store: conflict");
      if (isReplyLost) {
        faults.hit("store: reply lost after the effect");
        await process.wait(timeoutMs);
        fail(stream, "no reply");
      }
      return result;
    },
    list: async () => [...records.current.keys()],
    reset: async (stream) => void records.current.delete(stream),
    close: async () => {},
  };
}

/** The dead letters of the world, and one process's way to them. */
export function simulatedDeadLetters(
  letters: Map<string, DeadLetter>,
  { process }: Crew,
  history: History,
  trouble: StoreTrouble,
): DeadLetterStore {
  const { random, faults } = process;
  return {
    put: async (added) => {
      if (trouble.isDown || random() < trouble.chance) {
        faults.hit("dead letters: unavailable");
        await process.wait(30);
        throw new StoreError("unavailable", "the dead letters are down");
      }
      const isReplyLost = random() < trouble.chance;
      await process.call(between(random, 4, 40), () => {
        for (const letter of added) letters.set(letter.id, letter);
        history.lettered(added);
      });
      if (isReplyLost) {
        faults.hit("dead letters: reply lost after the effect");
        throw new StoreError("unavailable", "no reply");
      }
    },
    list: async () => [...letters.values()],
    remove: async (ids) => {
      for (const id of ids) letters.delete(id);
    },
    close: async () => {},
  };
}
