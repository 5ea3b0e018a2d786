import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { withProgress } from "../screen/progress.ts";
import { hasFailure, showSummary } from "../screen/summary.ts";
import { withBridge } from "../session.ts";

/** Makes one run over all streams. */
export const poll = (context: Context): Promise<ExitCode> =>
  withBridge(context, async (bridge) => {
    const summary = await withProgress(context, "polling", () => bridge.run(context.stop));
    if (context.json) context.screen.out.json(summary);
    else showSummary(context.screen.out, summary);
    return hasFailure(summary) ? 1 : 0;
  });
