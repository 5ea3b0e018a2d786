import { statfs } from "node:fs/promises";
import path from "node:path";
import type { LoadedConfig } from "../../config/load.ts";
import { ConfigError } from "../../core/errors.ts";
import type { Bridge } from "../../wire/bridge.ts";
import { checkReach, type ReachOptions } from "../../wire/reach.ts";
import type { Context } from "../context.ts";
import { type ExitCode, isOutage } from "../errors.ts";
import { count, span } from "../screen/format.ts";
import { withProgress } from "../screen/progress.ts";
import type { Style } from "../screen/text.ts";
import { withBridge } from "../session.ts";

const limitMs = 20_000;
/** Signatures are refused at fifteen minutes. */
const maxSkewMs = 60_000;
const leastFreeBytes = 100 * 1_048_576;
const leastNode = [22, 19] as const;

/** Result of one check. */
interface Finding {
  readonly check: string;
  readonly result: "ok" | "warning" | "failed";
  readonly found: string;
  /** What to do; null when there is nothing to do. */
  readonly action: string | null;
}

type CheckResult = Omit<Finding, "check">;

const ok = (found: string): CheckResult => ({ result: "ok", found, action: null });
const warning = (found: string, action: string): CheckResult => ({ result: "warning", found, action });
const failed = (found: string, action: string): CheckResult => ({ result: "failed", found, action });

/** Checks everything that a run needs, and says what to do. Reads only: stores nothing, sends no event. */
export async function doctor(context: Context): Promise<ExitCode> {
  const findings: Finding[] = [{ check: "node", ...nodeVersion() }];
  try {
    await withProgress(context, "checking", () =>
      withBridge(
        context,
        async (bridge, loaded) => {
          findings.push({ check: "configuration", ...configured(loaded) });
          findings.push(...(await allChecks(context, bridge, loaded)));
          return 0;
        },
        { isRehearsal: true },
      ),
    );
  } catch (error) {
    const isConfig = error instanceof ConfigError;
    if (!isConfig && !isOutage(error)) throw error;
    const [check, action] = isConfig
      ? ["configuration", "correct it: dms-task-bridge validate"]
      : ["store", "correct what the message names"];
    findings.push(...error.message.split("\n").map((found) => ({ check, ...failed(found, action) })));
  }
  const { out } = context.screen;
  const hasFailed = findings.some(({ result }) => result === "failed");
  if (context.json) out.json({ ok: !hasFailed, checks: findings });
  else for (const finding of findings) show(context, finding);
  return hasFailed ? 1 : 0;
}

const styles: Readonly<Record<Finding["result"], Style>> = { ok: "green", warning: "yellow", failed: "red" };

function show({ screen: { out } }: Context, { check, result, found, action }: Finding): void {
  out.line([styles[result], result.padEnd(7)], "  ", ["bold", check], `: ${found}`);
  if (action !== null) out.line(["dim", "         do: "], action);
}

function nodeVersion(): CheckResult {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const isNew = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  return isNew ? ok(node) : failed(node, `install Node ${leastNode.join(".")} or later`);
}

const configured = ({ config, sinks }: LoadedConfig): CheckResult =>
  ok(
    `${count(config.sources.length, "source")}, ${count(sinks.size, "sink")}, records: ${config.checkpoint.type}`,
  );

/** All checks at once, in a fixed order; each has its own time limit, and none stops another. */
function allChecks(context: Context, bridge: Bridge, loaded: LoadedConfig): Promise<readonly Finding[]> {
  const checks: (readonly [check: string, work: () => Promise<CheckResult>])[] = [
    ["store", () => store(context, bridge, loaded)],
    ["records", () => records(bridge)],
    ["sources", () => sources(context, bridge)],
    ...Array.from(
      loaded.sinks,
      ([name, { options }]) => [`sink ${name}`, () => reach(context, name, options)] as const,
    ),
  ];
  return Promise.all(checks.map(async ([check, work]) => ({ check, ...(await withinLimit(context, work)) })));
}

async function withinLimit({ clock }: Context, work: () => Promise<CheckResult>): Promise<CheckResult> {
  const done = new AbortController();
  const late = clock
    .sleep(limitMs, done.signal)
    .then(() => failed(`no result within ${span(limitMs)}`, "check the network on the way"));
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    if (!isOutage(error)) throw error;
    return failed(`${error.message} (${error.reason})`, "correct what the message names");
  } finally {
    done.abort(null);
  }
}

async function store(
  { clock }: Context,
  { checkpoints }: Bridge,
  loaded: LoadedConfig,
): Promise<CheckResult> {
  const startedMs = clock.now();
  const keys = await checkpoints.list();
  const found = `${loaded.config.checkpoint.type}, ${count(keys.length, "record")}, read in ${span(clock.now() - startedMs)}`;
  const { checkpoint } = loaded.config;
  if (checkpoint.type === "memory")
    return warning(found, "choose another type: records are lost when the process ends");
  if (checkpoint.type !== "file" || keys.length === 0) return ok(found);
  const { bavail, bsize } = await statfs(path.resolve(loaded.folder, checkpoint.path));
  const freeBytes = bavail * bsize;
  const free = `${found}, ${Math.floor(freeBytes / 1_048_576).toLocaleString("en")} MiB free`;
  return freeBytes < leastFreeBytes ? failed(free, "free some space on its disk") : ok(free);
}

async function records({ checkpoints }: Bridge): Promise<CheckResult> {
  const keys = await checkpoints.list();
  for (const key of keys) {
    try {
      await checkpoints.load(key);
    } catch (error) {
      if (!isOutage(error)) throw error;
      return failed(
        `${key}: ${error.message}`,
        "restore the store, or give the stream up: dms-task-bridge checkpoint reset",
      );
    }
  }
  return ok(keys.length === 0 ? "none yet" : `${count(keys.length, "record")} of this version`);
}

/** Credentials, rights, clock and the answers of the live API. */
async function sources({ stop, clock }: Context, bridge: Bridge): Promise<CheckResult> {
  const { streams, failedSources } = await bridge.discover(stop);
  const [down] = failedSources;
  if (down)
    return failed(`${down.key}: ${down.error.message}`, "correct the source's key, region or network");
  const [first] = streams;
  if (!first) return warning("no instance", "check region and projectId, or create an instance");
  const { source, stream } = first;
  let tasks = 0;
  let skewMs = 0;
  let doubt: string | null = null;
  for await (const page of source.list(stream, clock.now() - 3_600_000, { signal: stop })) {
    tasks += page.tasks.length;
    skewMs = page.clockSkewMs ?? skewMs;
    doubt ??= page.doubt;
  }
  const found = `${count(streams.length, "instance")}, ${count(tasks, "task")} of the last hour in the first, clock ${span(Math.abs(skewMs))} off`;
  if (Math.abs(skewMs) > maxSkewMs) return failed(found, "set this machine's clock, such as by NTP");
  return doubt === null
    ? ok(found)
    : warning(`${found}; ${doubt}`, "report it: the API pages in a way that is not known");
}

/** A sink's address, without an event. */
async function reach(context: Context, name: string, options: unknown): Promise<CheckResult> {
  const place = placeOf(options);
  const trial = `dms-task-bridge sink test ${name}`;
  if (!place) return ok(`its address is not checked here; send a sample: ${trial}`);
  const { problem, answer } = await checkReach(place, context);
  if (problem !== null) return failed(problem, "correct the address, the certificate or the proxy");
  return ok(`${place.url.origin} answers (${answer}); send a sample: ${trial}`);
}

function placeOf(options: unknown): (ReachOptions & { readonly url: URL }) | null {
  if (typeof options !== "object" || options === null || !("url" in options)) return null;
  const url = typeof options.url === "string" ? URL.parse(options.url) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  return { ...(options as ReachOptions), url };
}
