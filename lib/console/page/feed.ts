import { batch } from "@preact/signals";
import type { ConsoleSnapshot, Patch } from "../protocol.ts";
import { connection, retryAtMs, token } from "./session.ts";
import { applyPatch, applySnapshot } from "./state.ts";

/** Silence after which the connection counts as lost: three of the server's beats. */
const silenceMs = 30_000;
const longestPauseMs = 10_000;

/** Receives the server's messages until the page is closed; reconnects, and goes on where it was. */
export async function listen(): Promise<never> {
  let lastEventId = "";
  let failures = 0;
  for (;;) {
    const startedMs = Date.now();
    try {
      lastEventId = await receive(lastEventId, (id) => {
        lastEventId = id;
        failures = 0;
      });
    } catch (error) {
      if (error instanceof Denied) {
        connection.value = error.state;
        await tokenChanged();
        continue;
      }
    }
    connection.value = "lost";
    failures += 1;
    const pauseMs = Math.min(longestPauseMs, 400 * 2 ** Math.min(failures, 6));
    retryAtMs.value = Date.now() + pauseMs;
    await pause(Date.now() - startedMs > longestPauseMs ? 400 : pauseMs);
  }
}

class Denied extends Error {
  readonly state: "denied" | "full";

  constructor(state: "denied" | "full") {
    super(state);
    this.state = state;
  }
}

async function receive(lastEventId: string, heard: (id: string) => void): Promise<string> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silenceMs);
  const response = await fetch("/api/feed", {
    headers: {
      authorization: `Bearer ${token.peek()}`,
      ...(lastEventId && { "last-event-id": lastEventId }),
    },
    signal: silence.signal,
  });
  if (response.status === 401) throw new Denied("denied");
  if (response.status === 503) throw new Denied("full");
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
  let last = lastEventId;
  let text = "";
  for await (const chunk of response.body.pipeThrough(
    new TextDecoderStream(),
  ) as unknown as AsyncIterable<string>) {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), silenceMs);
    text += chunk;
    const frames = text.split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) {
      const message = parseFrame(frame);
      if (!message) continue;
      apply(message);
      last = message.id;
      heard(last);
    }
  }
  return last;
}

interface FeedFrame {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** One Server-Sent Event; null for a comment. */
function parseFrame(frame: string): FeedFrame | null {
  const fields = new Map(
    frame.split("\n").map((line) => {
      const [, name = "", value = ""] = /^(\w*): ?(.*)$/s.exec(line) ?? [];
      return [name, value] as const;
    }),
  );
  const data = fields.get("data");
  return data === undefined
    ? null
    : { id: fields.get("id") ?? "", event: fields.get("event") ?? "", data: JSON.parse(data) };
}

function apply({ event, data }: FeedFrame): void {
  batch(() => {
    connection.value = "live";
    if (event === "snapshot") applySnapshot(data as ConsoleSnapshot);
    else applyPatch(data as Patch);
  });
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
  });

const tokenChanged = (): Promise<void> =>
  new Promise((resolve) => {
    const before = token.peek();
    const stop = token.subscribe((value) => {
      if (value === before) return;
      queueMicrotask(() => stop());
      resolve();
    });
    if (connection.peek() === "full") setTimeout(resolve, longestPauseMs);
  });
