import { type CloudEvent, eventBytes } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { Checkpoint } from "./checkpoint.ts";

/**
 * Room for the events of a record that any store takes, as JSON, bytes. DynamoDB limits an item to 400 KB; even
 * incompressible events leave room for the known tasks.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
export const smallRoomBytes = 384 * 1_024;
/** Maximum room for events in stores that take a record of any size, as JSON, bytes: it is in memory several times. */
export const largeRoomBytes = 16 * 1_048_576;
/** About half of the JSON of a known task, bytes. */
const bytesPerKnown = 50;
/** Known tasks for each change, or receipt, of a commit. */
const knownPerChange = 32;

/** The parts of a record that its room depends on. */
type Filled = Pick<Checkpoint, "outbox" | "known">;

/**
 * Changes or receipts of one commit: a number for usual records, more for those that know many tasks. Each commit writes
 * all of those again; a crash loses what is not committed, which is read or delivered again.
 */
export const grown = (usual: number, { known }: Pick<Checkpoint, "known">): number =>
  Math.max(usual, Math.floor(known.size / knownPerChange));

/** Limits of an outbox. */
export interface RoomLimits {
  /** Maximum events of one stream that wait for one sink in the record; more are parked. */
  readonly maxBacklog: number;
  /** Maximum size of the events in the record, as JSON, bytes. */
  readonly maxBytes: number;
  /** Number of configured sinks. */
  readonly sinks: number;
}

interface Share {
  readonly count: number;
  readonly bytes: number;
}

/** Remaining room of an outbox, by deliveries and bytes. */
export class Room {
  readonly #maxBacklog: number;
  readonly #ownBytes: number;
  /** A sink may use all but the others' shares. */
  readonly #commonBytes: number;
  readonly #shares = new Map<SinkName, Share>();
  #bytes = 0;

  constructor({ outbox, known }: Filled, { maxBacklog, maxBytes, sinks }: RoomLimits) {
    // Slices grow with the tasks that each of them writes again.
    const bytes = Math.min(maxBytes, Math.max(smallRoomBytes, known.size * bytesPerKnown));
    this.#maxBacklog = maxBacklog;
    // Half of the bytes is divided among the sinks, so that no sink can use up another's share.
    this.#ownBytes = bytes / 2 / Math.max(1, sinks);
    this.#commonBytes = bytes - this.#ownBytes * Math.max(0, sinks - 1);
    for (const { event, pending } of outbox) {
      this.#bytes += eventBytes(event);
      for (const sink of pending.keys()) this.#add(sink, eventBytes(event));
    }
  }

  /** Adds a delivery if there is room. An event that the outbox already holds for another sink takes no bytes. */
  take(sink: SinkName, event: CloudEvent, isHeld: boolean): boolean {
    const bytes = eventBytes(event);
    const added = isHeld ? 0 : bytes;
    const share = this.#share(sink);
    const fits =
      share.count < this.#maxBacklog &&
      (added === 0 || this.#bytes + added <= this.#commonBytes || share.bytes + bytes <= this.#ownBytes);
    // An event larger than its sink's share is still accepted when it is alone.
    if (!fits && share.count > 0) return false;
    this.#bytes += added;
    this.#add(sink, bytes);
    return true;
  }

  /** Whether enough of a sink's share is free for a refill to be worth a commit. */
  isLow(sink: SinkName): boolean {
    const { count, bytes } = this.#share(sink);
    if (count === 0) return true;
    const freeBytes = Math.max(this.#commonBytes - this.#bytes, this.#ownBytes - bytes);
    return count * 2 <= this.#maxBacklog && freeBytes * 2 >= this.#ownBytes;
  }

  #share(sink: SinkName): Share {
    return this.#shares.get(sink) ?? { count: 0, bytes: 0 };
  }

  #add(sink: SinkName, bytes: number): void {
    const share = this.#share(sink);
    this.#shares.set(sink, { count: share.count + 1, bytes: share.bytes + bytes });
  }
}

/** Approximate memory of one task. */
const taskBytes = 512;

/** Approximate memory of a record, with tasks that were read beside it, bytes. */
export const memoryOf = ({ outbox, known }: Filled, read: number): number =>
  outbox.reduce((sum, { event }) => sum + eventBytes(event), (known.size + read) * taskBytes);
