import type { LoadedConfig } from "../../../config/load.ts";
import type { Config } from "../../../config/schema.ts";
import { ConfigError, StoreError } from "../../../core/errors.ts";
import type { Bridge } from "../../../wire/bridge.ts";
import { withCommand } from "../../command-name.ts";
import type { Context } from "../../context.ts";
import { type ExitCode, isOutage } from "../../errors.ts";
import { count, span } from "../../screen/format.ts";
import { withProgress } from "../../screen/progress.ts";
import { type Line, labelled, type Span, type Style } from "../../screen/text.ts";
import { configOf, withLoaded } from "../../session.ts";
import { type CheckResult, type Finding, failed, ok } from "./finding.ts";
import { checkProxies } from "./proxy-check.ts";
import { checkSink } from "./sink-checks.ts";
import { checkSources } from "./source-checks.ts";
import { checkRecords, checkStore } from "./store-check.ts";

const limitMs = 20_000;
const leastNode = [22, 19] as const;

/**
 * Checks everything that a run needs, and says what to do. Keeps nothing in the store, and sends no event. Exits 2 when
 * the configuration is wrong.
 */
export async function doctor(context: Context): Promise<ExitCode> {
  const findings: Finding[] = [{ check: "node", ...nodeVersion() }];
  try {
    await withProgress(context, "checking", () => checkAll(context, findings));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const action = "correct what it names; the file alone is checked by: dms-task-bridge validate";
    for (const found of error.message.split("\n"))
      findings.push({ check: "configuration", ...failed(found, action) });
  }
  const { out } = context.screen;
  const hasFailed = findings.some(({ result }) => result === "failed");
  if (context.json) out.json({ ok: !hasFailed, checks: findings });
  else for (const finding of findings) show(context, finding);
  const isMistaken = findings.some(({ check, result }) => check === "configuration" && result === "failed");
  return isMistaken ? 2 : hasFailed ? 1 : 0;
}

/** Runs all checks but `node`. Those of a store that cannot be opened are its error. @throws ConfigError */
async function checkAll(context: Context, findings: Finding[]): Promise<void> {
  const loaded = await configOf(context);
  const check = (config: Config, closed: StoreError | null) =>
    withLoaded(
      context,
      { ...loaded, config },
      async (bridge) => {
        findings.push({ check: "configuration", ...configured(loaded) });
        findings.push(...(await allChecks(context, bridge, { loaded, closed })));
      },
      { isRehearsal: true },
    );
  try {
    await check(loaded.config, null);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    await check({ ...loaded.config, checkpoint: { type: "memory" } }, error);
  }
}

const styles: Readonly<Record<Finding["result"], Style>> = { ok: "green", warning: "yellow", failed: "red" };

/** One line each in a pipe; a terminal breaks them at its width. */
function show({ screen: { out } }: Context, { check, result, found, action }: Finding): void {
  const width = out.columns ?? Number.POSITIVE_INFINITY;
  const text = `${check}: ${withCommand(found, out.command)}`;
  const bold = (span: Span): Line =>
    typeof span === "string" && span.startsWith(`${check}:`)
      ? [["bold", check], span.slice(check.length)]
      : [span];
  for (const line of labelled([styles[result], `${result.padEnd(7)}  `], text, width))
    out.line(...line.flatMap(bold));
  if (action === null) return;
  for (const line of labelled(["dim", "         do: "], withCommand(action, out.command), width))
    out.line(...line);
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
async function allChecks(
  context: Context,
  bridge: Bridge,
  { loaded, closed }: { readonly loaded: LoadedConfig; readonly closed: StoreError | null },
): Promise<readonly Finding[]> {
  const one = (check: string, work: () => Promise<CheckResult>) =>
    [check, async () => [{ check, ...(await work()) }]] as const;
  const checks = [
    ...(closed
      ? [one("store", () => Promise.reject(closed))]
      : [
          one("store", () => checkStore(context, bridge, loaded)),
          one("records", () => checkRecords(bridge)),
        ]),
    one("proxy", () => checkProxies(context, loaded)),
    ["sources", () => checkSources(context, bridge)] as const,
    ...Array.from(loaded.sinks, ([name, sink]) => one(`sink ${name}`, () => checkSink(context, name, sink))),
  ];
  return (await Promise.all(checks.map(([check, work]) => withinLimit(context, check, work)))).flat();
}

async function withinLimit(
  { clock }: Context,
  check: string,
  work: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const done = new AbortController();
  const late = clock
    .sleep(limitMs, done.signal)
    .then(() => [{ check, ...failed(`no result within ${span(limitMs)}`, "check the network on the way") }]);
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    if (!isOutage(error)) throw error;
    return [{ check, ...failed(`${error.message} (${error.reason})`, "correct what the message names") }];
  } finally {
    done.abort(null);
  }
}
