import { gzipSync } from "node:zlib";
import type { Met, SinkTrouble } from "./faults.ts";
import type { Random } from "./life.ts";
import type { Reply, Request } from "./messages.ts";

export const sinkNames = ["steady", "flaky", "batchy", "picky"] as const;
export type SinkName = (typeof sinkNames)[number];

/** What the sink with a filter wants. */
export const wanted: ReadonlySet<string> = new Set([
  "com.huaweicloud.dms.task.failed",
  "com.huaweicloud.dms.task.succeeded",
  "com.huaweicloud.dms.task.vanished",
]);

/** An event as a receiver reads it. */
export interface Received {
  readonly id: string;
  readonly type: string;
  readonly text: string;
}

export interface Receipt {
  readonly reply: Reply;
  readonly accepted: readonly Received[];
  /** Those it will never take. */
  readonly refused: readonly Received[];
}

/** Where the events go: webhooks that behave as their mood is. `steady` is always well. */
export class Receivers {
  readonly moods = new Map<SinkName, SinkTrouble>();
  readonly #met: Met;
  readonly #random: Random;

  constructor(met: Met, random: Random) {
    this.#met = met;
    this.#random = random;
  }

  /** The events that a request carries. */
  read(request: Request): readonly Received[] {
    return eventsOf(request);
  }

  receive(sink: SinkName, request: Request, nowMs: number): Receipt {
    const events = eventsOf(request);
    const trouble = this.moods.get(sink) ?? null;
    const answer = (status: number, headers: Readonly<Record<string, string>> = {}, body = ""): Reply => ({
      kind: "answer",
      status,
      headers,
      body,
    });
    const failed = (reply: Reply): Receipt => ({ reply, accepted: [], refused: [] });
    const taken = (reply: Reply): Receipt => ({ reply, accepted: events, refused: [] });
    if (trouble === null) return taken(answer(this.#random() < 0.5 ? 200 : 204));
    if (trouble === "sink: refuses some for good" || trouble === "sink: fails with some") {
      if (!events.some(({ id }) => isChosen(id))) return taken(answer(202));
      this.#met.hit(trouble);
      if (trouble === "sink: fails with some") return failed(answer(503));
      return { reply: answer(422), accepted: [], refused: events };
    }
    this.#met.hit(trouble);
    switch (trouble) {
      case "sink: server error":
        return failed(answer(this.#random() < 0.5 ? 500 : 503));
      case "sink: throttled, Retry-After in seconds":
        return failed(answer(429, { "retry-after": String(1 + Math.floor(this.#random() * 90)) }));
      case "sink: throttled, Retry-After as a date":
        return failed(
          answer(503, { "retry-after": new Date(nowMs + 90_000 * this.#random()).toUTCString() }),
        );
      case "sink: absurd Retry-After":
        return failed(answer(429, { "retry-after": this.#random() < 0.5 ? "99999999" : "soon" }));
      case "sink: blocked":
        return failed(answer([401, 403, 404, 407, 410][Math.floor(this.#random() * 5)] ?? 401));
      case "sink: redirects":
        return failed(answer(302, { location: "https://elsewhere.example.com/" }));
      case "sink: connection reset":
        return failed({ kind: "broken", code: "ECONNRESET" });
      case "sink: accepts, reply lost":
        return taken({ kind: "broken", code: "ECONNRESET" });
      case "sink: hangs":
        return failed({ kind: "hang" });
      case "sink: slow":
        return taken({ kind: "answer", status: 200, headers: {}, body: "", delayMs: 1_000 });
      case "sink: huge answer":
        return taken(answer(200, {}, "x".repeat(1_000_000)));
      case "sink: zipped answer":
        return taken({
          kind: "answer",
          status: 200,
          headers: { "content-encoding": "gzip" },
          body: this.#random() < 0.5 ? gzipSync("thanks").toString("latin1") : "\u001f\u008b not really",
          isPacked: true,
        });
      default:
        return trouble satisfies never;
    }
  }
}

/** Every third event, whatever the order. */
const isChosen = (id: string): boolean => {
  let sum = 0;
  for (const sign of id) sum += sign.codePointAt(0) ?? 0;
  return sum % 3 === 0;
};

function eventsOf({ body }: Request): readonly Received[] {
  const value: unknown = JSON.parse(body ?? "[]");
  return (Array.isArray(value) ? value : [value]).map((event: { id: string; type: string }) => ({
    id: event.id,
    type: event.type,
    text: JSON.stringify(event),
  }));
}
