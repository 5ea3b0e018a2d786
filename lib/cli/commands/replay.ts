import type { CloudEvent } from "../../change/event.ts";
import { type SinkName, sinkName } from "../../core/names.ts";
import type { ReplayEvent, Replayed } from "../../delivery/replay.ts";
import type { Bridge } from "../../wire/bridge.ts";
import { planReplay, type ReplayPlan, type ReplayRequest } from "../../wire/replay.ts";
import { choiceError, instantMs, requireId, theOneId } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { offlineFilter } from "../filters.ts";
import { ReplayProgress } from "../replay-progress.ts";
import { confirm } from "../screen/confirm.ts";
import { count, instant, shortId } from "../screen/format.ts";
import { withProgress } from "../screen/progress.ts";
import { styleOf } from "../screen/text.ts";
import { withApi, withBridge, withRecords } from "../session.ts";

/** Options of `replay`. */
export interface ReplayOptions {
  readonly since: string;
  readonly until?: string;
  readonly task?: string;
  readonly sink?: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** Sends the events of a time to one sink again. Shows the plan and asks first; when it is interrupted, it continues. */
export const replay = (context: Context, options: ReplayOptions): Promise<ExitCode> =>
  withBridge(context, async (bridge, { folder }) => {
    const sink = sinkOf([...bridge.sinks.keys()], options.sink);
    const { progress, request, ...report } = await prepared(context, options, {
      sink,
      folder,
      find: (request) => bridge.replays.plan(request, context.stop),
    });
    const { events } = report;
    if (events.length === 0) return finish(context, report, null);
    const question = `This sends ${count(events.length, "event")} to ${sink} again.`;
    if (!(await confirm(context, question, options.yes ?? false))) return finish(context, report, null);
    progress.begin(request);
    const sent = await send(context, bridge, { sink, events, progress });
    if (sent.left === 0) progress.end();
    return finish(context, report, sent);
  });

/** Shows the plan alone: reads the store, and asks the API where the journal has no event of the time. */
export const rehearseReplay = (context: Context, options: ReplayOptions): Promise<ExitCode> =>
  withRecords(context, async (stores, { sinks, folder }, read) => {
    const sink = sinkOf(sinks, options.sink);
    const filter = await offlineFilter(read, sink, context);
    const matches = (event: CloudEvent): boolean => filter?.matches(event) ?? true;
    const find = (request: ReplayRequest): Promise<ReplayPlan> => {
      const rebuild = () => withApi(context, read, ({ replays }) => replays.rebuild(request, context.stop));
      return planReplay(request, { stores, matches, rebuild });
    };
    return finish(context, await prepared(context, options, { sink, folder, find }), null);
  });

interface PrepareParts {
  readonly sink: SinkName;
  readonly folder: string;
  find(request: ReplayRequest): Promise<ReplayPlan>;
}

interface Prepared extends ReplayReport {
  readonly progress: ReplayProgress;
  readonly request: ReplayRequest;
}

/** Finds what is to be sent, and shows it. */
async function prepared(
  context: Context,
  options: ReplayOptions,
  { sink, folder, find }: PrepareParts,
): Promise<Prepared> {
  const { since, until = null, task = null, dryRun: isDryRun = false } = options;
  const progress = new ReplayProgress(folder, [sink, since, until, task]);
  const request = progress.request(requestOf(context, sink, options));
  const plan = await withProgress(context, "looking for events", () => find(request));
  if (task !== null) requireOneTask(task, plan);
  const events = plan.events.filter(({ event }) => !progress.has(event.id));
  const already = plan.events.length - events.length;
  if (!context.json) showPlan(context, { request, plan, events, already, isDryRun });
  for (const [key, { message }] of plan.errors)
    context.screen.err.line(["red", "cannot read "], `${key}: ${message}`);
  return { sink, plan, events, already, progress, request };
}

/** @throws ConfigError */
function sinkOf(names: readonly SinkName[], name: string | undefined): SinkName {
  const [only] = names;
  if (name === undefined && only !== undefined && names.length === 1) return only;
  const found = names.find((each) => each === name);
  if (found) return found;
  if (name === undefined) throw usageError("--sink", `one of ${names.join(", ")}`, name);
  throw choiceError("--sink", "a configured sink", sinkName(name), names);
}

/** @throws ConfigError */
function requestOf({ clock }: Context, sink: SinkName, { since, until, task }: ReplayOptions): ReplayRequest {
  const nowMs = clock.now();
  const sinceMs = instantMs("--since", since, nowMs);
  const untilMs = until === undefined ? nowMs : instantMs("--until", until, nowMs);
  if (task !== undefined) requireId("--task", "a task", task);
  if (untilMs < sinceMs) throw usageError("--until", "an instant after --since", until);
  return { sink, sinceMs, untilMs, task };
}

/** @throws ConfigError for the beginning or end of several tasks' ids */
function requireOneTask(task: string, { events }: ReplayPlan): void {
  theOneId(
    "--task",
    task,
    events.map(({ event }) => event.subject),
  );
}

interface ShownPlan {
  readonly request: ReplayRequest;
  readonly plan: ReplayPlan;
  readonly events: readonly ReplayEvent[];
  readonly already: number;
  readonly isDryRun: boolean;
}

function showPlan(
  { screen: { out } }: Context,
  { request, plan, events, already, isDryRun }: ShownPlan,
): void {
  const { sink, sinceMs, untilMs } = request;
  const tasks = new Set(events.map(({ stream, event }) => `${stream} ${event.subject}`)).size;
  const from = plan.from === "journal" ? "from the journal" : "rebuilt from the API";
  out.line(`Replay to ${sink}: ${count(events.length, "event")} of ${count(tasks, "task")}, ${from}`);
  out.line(["dim", `  ${instant(sinceMs)} to ${instant(untilMs)}`]);
  if (plan.journalBeginsMs !== null)
    out.line(
      `  The journal's first event is of ${instant(plan.journalBeginsMs)}: older ones were never recorded, or are deleted (journal.keep, journal.maxEvents).`,
    );
  const note = (amount: number, text: string): void => {
    if (amount > 0) out.line(`  ${amount.toLocaleString("en")} ${text}`);
  };
  note(already, "accepted before the replay was interrupted: not sent again");
  note(plan.pending, "left out: the bridge still delivers them itself");
  note(plan.filtered, "left out by the sink's filter");
  note(plan.damaged, "entries of the journal cannot be read");
  if (plan.from === "api" && events.length > 0)
    out.line("  Only the present status of each task; the status before is not known.");
  if (!isDryRun) return;
  for (const { event } of events) {
    const { task, change } = event.data;
    out.fitted(
      ["dim", `  ${instant(Date.parse(event.time))}  `],
      [styleOf(change.to), change.to],
      `  ${task.name}  ${shortId(task.id)}`,
    );
  }
}

const barWidth = 20;

async function send(
  { screen, stop }: Context,
  bridge: Bridge,
  { sink, events, progress }: { sink: SinkName; events: readonly ReplayEvent[]; progress: ReplayProgress },
): Promise<Replayed> {
  let accepted = 0;
  // Events whose progress cannot be stored would be sent again, so sending stops.
  const unkept = new AbortController();
  const draw = (): void => {
    const filled = Math.round((accepted / events.length) * barWidth);
    const bar = "#".repeat(filled).padEnd(barWidth, ".");
    screen.status(`[${bar}] ${accepted} of ${events.length} accepted by ${sink}`);
  };
  draw();
  try {
    const sent = await bridge.replays.send(sink, events, {
      signal: AbortSignal.any([stop, unkept.signal]),
      accepted: ({ id }) => {
        accepted += 1;
        draw();
        try {
          progress.note(id);
        } catch (error) {
          unkept.abort(error);
        }
      },
    });
    unkept.signal.throwIfAborted();
    return sent;
  } finally {
    screen.status();
  }
}

interface ReplayReport {
  readonly sink: SinkName;
  readonly plan: ReplayPlan;
  readonly events: readonly ReplayEvent[];
  readonly already: number;
}

/** Prints the result; `sent` is null when nothing was sent. */
function finish(
  { json, screen: { out } }: Context,
  { sink, plan, events, already }: ReplayReport,
  sent: Replayed | null,
): ExitCode {
  if (json) {
    const { from, journalBeginsMs, pending, filtered, damaged, errors } = plan;
    out.json({
      sink,
      from,
      journalBegins: journalBeginsMs === null ? null : new Date(journalBeginsMs).toISOString(),
      sent: sent !== null,
      events: events.map(({ event }) => event.id),
      alreadyAccepted: already,
      pending,
      filtered,
      damaged,
      accepted: sent?.accepted ?? 0,
      refused: sent?.refused ?? 0,
      left: sent?.left ?? events.length,
      errors: Array.from(errors, ([key, { code, message }]) => ({ key, code, message })),
    });
  } else if (sent) {
    out.line(["green", `${count(sent.accepted, "event")} accepted by ${sink}.`]);
    if (sent.refused > 0) out.line(["red", `${count(sent.refused, "event")} refused for good.`]);
    if (sent.left > 0)
      out.line(["yellow", `${count(sent.left, "event")} left: `], "run the same command again to continue.");
  } else out.line("Nothing sent.");
  const hasFailed = plan.errors.size > 0 || (sent !== null && sent.refused + sent.left > 0);
  return hasFailed ? 1 : 0;
}
