import { parseStreamKey } from "../../core/names.ts";
import { removedSinks, type SinkStatus, sinkStatuses } from "../../status/sinks.ts";
import { type StreamStatus, streamStatus } from "../../status/streams.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { failOn, type Judged } from "../fail-on.ts";
import { deadLettersBySink, readRecords } from "../records.ts";
import { count } from "../screen/format.ts";
import type { Output } from "../screen/output.ts";
import { withProgress } from "../screen/progress.ts";
import { showStatus, showWideStatus } from "../screen/status.ts";
import { withRecords } from "../session.ts";

/** Options of `status`. */
export interface StatusOptions {
  readonly output?: "wide";
  readonly failOn?: string;
}

/** Status of all sinks and streams, from the records alone. */
export interface Status extends Judged {
  readonly at: string;
  readonly streams: readonly StreamStatus[];
  readonly sinks: Readonly<Record<string, SinkStatus>>;
  /** Dead letters by sink, removed sinks included; null when they cannot be read. */
  readonly deadLetters: Readonly<Record<string, number>> | null;
}

/** Shows how each sink is, and each stream that cannot be read. Only the store is asked. */
export const status = (context: Context, options: StatusOptions): Promise<ExitCode> => {
  const holds = options.failOn === undefined ? () => [] : failOn(options.failOn);
  return withRecords(context, async (stores, { sinks, watches }) => {
    const { clock, screen, json } = context;
    const records = await withProgress(context, "reading records", () => readRecords(stores));
    const nowMs = clock.now();
    const report = { sinks, records: records.flatMap(({ stored }) => stored?.checkpoint ?? []), nowMs };
    const found: Status = {
      at: new Date(nowMs).toISOString(),
      streams: records.map(({ key, stored, error }) => {
        const stream = parseStreamKey(key);
        return streamStatus(key, stored?.checkpoint ?? null, error, stream === null || watches(stream));
      }),
      sinks: Object.fromEntries([...sinkStatuses(report), ...removedSinks(report)]),
      deadLetters: await deadLettersBySink(stores),
    };
    if (json) screen.out.json(found);
    else if (options.output === "wide") showWideStatus(screen.out, found, nowMs);
    else showStatus(screen.out, found, nowMs);
    if (!json) showDeadLetters(screen.out, found);
    const reasons = holds(found, nowMs);
    for (const reason of reasons) screen.err.line(["red", "failed: "], reason);
    return reasons.length > 0 ? 1 : 0;
  });
};

function showDeadLetters(out: Output, { deadLetters }: Status): void {
  const list = "dms-task-bridge dead-letters list";
  if (deadLetters === null) out.line(["red", "The dead letters could not be read. "], `Why: ${list}`);
  else
    for (const [sink, amount] of Object.entries(deadLetters))
      out.line(
        ["yellow", `${count(amount, "dead letter")} of ${sink}. `],
        `List them: ${list} --sink ${sink}`,
      );
}
