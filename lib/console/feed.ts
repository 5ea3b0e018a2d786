import type { ServerResponse } from "node:http";
import type { Clock } from "../core/clock.ts";
import type { ConsoleModel } from "./model/model.ts";

/** Most pages that may listen at once. */
const maxClients = 16;
/** Patches kept for pages that reconnect. */
const maxKept = 500;
/** A page that reads this slowly is disconnected; it reconnects and catches up. */
const maxQueuedBytes = 4 * 1024 * 1024;
const patchEveryMs = 200;
/** A page without a message for three of these knows that the connection is gone. */
const beatEveryMs = 10_000;

interface FeedMessage {
  readonly id: number;
  readonly text: string;
}

/** Sends the model's changes to every page that listens, as Server-Sent Events. */
export class Feed {
  readonly #model: ConsoleModel;
  readonly #clock: Clock;
  /** Names this process in event ids: another one's numbers mean nothing here. */
  readonly #epoch: string;
  readonly #clients = new Set<ServerResponse>();
  readonly #closing = new AbortController();
  #kept: FeedMessage[] = [];
  #lastId = 0;

  constructor(model: ConsoleModel, clock: Clock, epoch: string) {
    this.#model = model;
    this.#clock = clock;
    this.#epoch = epoch;
    void this.#publish();
    void this.#beat();
  }

  get isHeard(): boolean {
    return this.#clients.size > 0;
  }

  /** Adds a page. False when there are too many. */
  add(response: ServerResponse, lastEventId: string | undefined): boolean {
    if (this.#clients.size >= maxClients) return false;
    response.writeHead(200, { "content-type": "text/event-stream" });
    this.#flush();
    for (const text of this.#missedSince(lastEventId)) response.write(text);
    this.#clients.add(response);
    response.on("close", () => this.#clients.delete(response));
    return true;
  }

  close(): void {
    this.#closing.abort();
    for (const response of this.#clients) response.end();
    this.#clients.clear();
  }

  /** The patches after that event; the whole model for a page that is new or was away too long. */
  #missedSince(lastEventId: string | undefined): readonly string[] {
    const [epoch, number] = lastEventId?.split(".") ?? [];
    const seen = epoch === this.#epoch ? Number(number) : Number.NaN;
    const oldest = this.#kept[0]?.id ?? this.#lastId + 1;
    if (seen >= oldest - 1 && seen <= this.#lastId) {
      return [
        this.#frame("resumed", this.#lastId, { nowMs: this.#clock.now() }),
        ...this.#kept.filter(({ id }) => id > seen).map(({ text }) => text),
      ];
    }
    return [this.#frame("snapshot", this.#lastId, this.#model.snapshot(this.#clock.now()))];
  }

  #frame(event: string, id: number, data: unknown): string {
    return `id: ${this.#epoch}.${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  }

  /** Sends what changed to every page. */
  #flush(): void {
    const patch = this.#model.patch(this.#clock.now());
    if (!patch) return;
    this.#lastId += 1;
    const text = this.#frame("patch", this.#lastId, patch);
    this.#kept.push({ id: this.#lastId, text });
    if (this.#kept.length > maxKept) this.#kept = this.#kept.slice(-maxKept);
    this.#send(text);
  }

  #send(text: string): void {
    for (const response of this.#clients) {
      if (response.writableLength > maxQueuedBytes) response.destroy();
      else response.write(text);
    }
  }

  async #publish(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#clock.sleep(patchEveryMs, signal);
      if (this.isHeard) this.#flush();
    }
  }

  async #beat(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#clock.sleep(beatEveryMs, signal);
      // Without a page, too: what waits to be sent stays small.
      this.#flush();
      this.#send(": still here\n\n");
    }
  }
}
