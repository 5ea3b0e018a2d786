import type { Run } from "./judge.ts";
import { type Instance, streamKey } from "./world.ts";

/** An event that tells of a stream's reading: `instance/reading-BEGIN/STATUS/BEGIN`. */
export interface Told {
  readonly instance: string;
  readonly beginMs: number;
  readonly status: string;
}

export function toldIn(id: string): Told | null {
  const [instance = "", reading = "", status = ""] = id.split("/");
  const begin = /^reading-(\d+)$/.exec(reading)?.[1];
  return begin === undefined ? null : { instance, beginMs: Number(begin), status };
}

/** An outage that the runs met, and whether a later one read the stream. */
interface Outage {
  /** Its begin lies after the first, when a run last read the stream, and before the second. */
  readonly afterMs: number;
  readonly byMs: number;
  isOver: boolean;
}

const hasRead = (run: Run, stream: string): boolean => run.completed.has(stream) && run.firstRead.has(stream);

/** What is wrong with an event that a sink has just taken; null: nothing. All clocks were the world's. */
export function wrongIn(
  { beginMs, status }: Told,
  instance: Instance,
  runs: readonly Run[],
  atMs: number,
): string | null {
  const stream = streamKey(instance);
  const limitMs = instance.project.unreadableAfterMs;
  if (limitMs === null) return "nobody asked to be told";
  if (status === "RECOVERED")
    return runs.some((run) => (run.firstRead.get(stream) ?? 0) > beginMs) ? null : "it was not read since";
  if (atMs < beginMs + limitMs) return "it is told too early";
  const first = runs.find((run) => run.startMs <= beginMs && beginMs <= run.endMs && !hasRead(run, stream));
  if (!first) return "no run failed to read it then";
  const read = runs.find(
    (run) =>
      run.isQuiet && hasRead(run, stream) && run.startMs > first.endMs && run.endMs < beginMs + limitMs,
  );
  return read ? `run ${read.id} has read it since` : null;
}

interface Ends {
  /** Sink and event id of all that is accepted or among the dead letters. */
  readonly told: readonly string[];
  /** The sinks configured from an instant to the end that want such events. */
  readonly faithful: (sinceMs: number) => readonly string[];
}

/** What no sink was told of the outages that lasted too long, and of their ends. */
export function* untold(
  instances: readonly Instance[],
  runs: readonly Run[],
  { told, faithful }: Ends,
): Generator<string> {
  for (const instance of instances) {
    for (const { afterMs, byMs, isOver } of outagesIn(instance, runs)) {
      for (const status of isOver ? ["UNREADABLE", "RECOVERED"] : ["UNREADABLE"]) {
        for (const sink of faithful(byMs)) {
          const isTold = told.some((key) => {
            const event = key.startsWith(`${sink}:`) ? toldIn(key.slice(sink.length + 1)) : null;
            return (
              event?.instance === instance.id &&
              event.status === status &&
              afterMs < event.beginMs &&
              event.beginMs <= byMs
            );
          });
          if (!isTold) yield `${sink} never got ${status} of ${instance.id}, which was unreadable`;
        }
      }
    }
  }
}

/** The outages that must be told: quiet runs that followed each other failed to read a stream for too long. */
function outagesIn(instance: Instance, runs: readonly Run[]): readonly Outage[] {
  const stream = streamKey(instance);
  const limitMs = instance.project.unreadableAfterMs ?? Number.POSITIVE_INFINITY;
  const found: Outage[] = [];
  let afterMs = Number.NEGATIVE_INFINITY;
  let first: Run | null = null;
  let open: Outage | null = null;
  for (const run of runs) {
    if (hasRead(run, stream)) {
      if (open) open.isOver = true;
      afterMs = run.isQuiet ? run.endMs : afterMs;
    }
    if (!run.isQuiet || !run.failed.has(stream)) {
      first = null;
      open = null;
      continue;
    }
    first ??= run;
    if (open || run.startMs - first.endMs < limitMs) continue;
    open = { afterMs, byMs: first.endMs, isOver: false };
    found.push(open);
  }
  return found;
}
