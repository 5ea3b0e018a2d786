import { parseStreamKey } from "../../core/names.ts";
import { type SinkStatus, sinkStatuses } from "../../status/sinks.ts";
import { type StreamStatus, streamStatus } from "../../status/streams.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { failOn, type Judged } from "../fail-on.ts";
import { readRecords } from "../records.ts";
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
}

/** Shows how each sink is, and each stream that cannot be read. Only the store is asked. */
export const status = (context: Context, options: StatusOptions): Promise<ExitCode> => {
  const holds = options.failOn === undefined ? () => [] : failOn(options.failOn);
  return withRecords(context, async (stores, { sinks, watches }) => {
    const { clock, screen, json } = context;
    const records = await withProgress(context, "reading records", () => readRecords(stores));
    const nowMs = clock.now();
    const found: Status = {
      at: new Date(nowMs).toISOString(),
      streams: records.map(({ key, stored, error }) => {
        const stream = parseStreamKey(key);
        return streamStatus(key, stored?.checkpoint ?? null, error, stream === null || watches(stream));
      }),
      sinks: Object.fromEntries(
        sinkStatuses({ sinks, records: records.flatMap(({ stored }) => stored?.checkpoint ?? []), nowMs }),
      ),
    };
    if (json) screen.out.json(found);
    else if (options.output === "wide") showWideStatus(screen.out, found, nowMs);
    else showStatus(screen.out, found, nowMs);
    const reasons = holds(found, nowMs);
    for (const reason of reasons) screen.err.line(["red", "failed: "], reason);
    return reasons.length > 0 ? 1 : 0;
  });
};
