import { type CloudEvent, eventBytes } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { OutboxEntry } from "./checkpoint.ts";

/**
 * Bytes of events, as JSON, that one record's outbox holds: DynamoDB takes 400 KB in an item, and even events that
 * cannot be compressed leave some of it for the tasks that are known.
 */
const maxBytes = 384 * 1_024;
/** For whoever comes first. The other half is shared out, so that no sink can take another's place. */
const commonBytes = maxBytes / 2;

export interface RoomLimits {
  /** Events of one stream that wait for one sink in the record; the others wait beside it. */
  readonly maxBacklog: number;
  /** Sinks that are configured. */
  readonly sinks: number;
}

interface Share {
  readonly count: number;
  readonly bytes: number;
}

/** The room of an outbox: how many more deliveries it takes, by number and by bytes. */
export class Room {
  readonly #maxBacklog: number;
  readonly #ownBytes: number;
  readonly #shares = new Map<SinkName, Share>();
  #bytes = 0;

  constructor(outbox: Iterable<OutboxEntry>, { maxBacklog, sinks }: RoomLimits) {
    this.#maxBacklog = maxBacklog;
    this.#ownBytes = commonBytes / Math.max(1, sinks);
    for (const { event, pending } of outbox) {
      this.#bytes += eventBytes(event);
      for (const sink of pending.keys()) this.#add(sink, eventBytes(event));
    }
  }

  /** Takes a delivery in if there is room for it. An event that the outbox holds for another sink takes no bytes. */
  take(sink: SinkName, event: CloudEvent, isHeld: boolean): boolean {
    const bytes = eventBytes(event);
    const added = isHeld ? 0 : bytes;
    const share = this.#share(sink);
    const fits =
      share.count < this.#maxBacklog &&
      (added === 0 || this.#bytes + added <= commonBytes || share.bytes + bytes <= this.#ownBytes);
    // Even an event that is larger than its sink's share must come through, alone.
    if (!fits && share.count > 0) return false;
    this.#bytes += added;
    this.#add(sink, bytes);
    return true;
  }

  /** Whether so much of a sink's share is free that taking more in is worth a commit. */
  isLow(sink: SinkName): boolean {
    const { count, bytes } = this.#share(sink);
    if (count === 0) return true;
    const freeBytes = Math.max(commonBytes - this.#bytes, this.#ownBytes - bytes);
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
