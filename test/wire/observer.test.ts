import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfigValue } from "../../lib/config/load.ts";
import { systemClock } from "../../lib/core/clock.ts";
import type { DeliveryAttempt } from "../../lib/run/observer.ts";
import type { RunSummary } from "../../lib/run/summary.ts";
import { startSimulator } from "../../lib/simulator/api.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import type { RequestReport } from "../../lib/source/reported.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { openBridge } from "../../lib/wire/bridge.ts";
import type { BridgeObserver } from "../../lib/wire/observer.ts";
import { manualClock } from "../harness/clock.ts";

const stream = "rabbitmq/cn-north-4/p1/a";

/** A bridge over one listed instance with one ended task; notes what its observer sees. */
async function observed() {
  const clock = manualClock(Date.now());
  const simulator = await startSimulator({ random: seededRandom(1), clock });
  simulator.world.addInstance({ id: "a", engine: "rabbitmq", name: "a", projectId: "p1" });
  simulator.world.start({ instance: "a", name: "grow", steps: [{ status: "SUCCESS", afterMs: 0 }] });
  const loaded = await loadConfigValue(
    {
      sources: [
        {
          engine: "rabbitmq",
          region: "cn-north-4",
          endpoint: simulator.url,
          projectId: "p1",
          credentials: demoKey,
          instances: "all",
          startFrom: "all",
        },
      ],
      checkpoint: { type: "memory" },
      sinks: { out: { type: "console" } },
    },
    { environment: {}, folder: "/nowhere" },
  );
  const steps: string[] = [];
  const requests: RequestReport[] = [];
  const attempts: DeliveryAttempt[] = [];
  const summaries: RunSummary[] = [];
  const observer: BridgeObserver = {
    requested: (request) => requests.push(request),
    committed: (of, { type }) => steps.push(`committed ${of} ${type}`),
    attempted: (attempt) => {
      steps.push(`attempted ${attempt.sink}`);
      attempts.push(attempt);
    },
    ran: (summary) => summaries.push(summary),
  };
  const bridge = await openBridge(loaded, { clock: systemClock, random: () => 0, log: silentLog, observer });
  onTestFinished(async () => {
    await bridge.close();
    await simulator.close();
  });
  return { simulator, bridge, steps, requests, attempts, summaries };
}

describe("the observer of a bridge", () => {
  it("sees each request with its stream, each committed event, each attempt, and the summary", async () => {
    const { bridge, steps, requests, attempts, summaries } = await observed();
    const summary = await bridge.run(new AbortController().signal);
    expect(
      requests.map(({ operation, stream, status, failure }) => [operation, stream, status, failure]),
    ).toEqual([
      ["ListInstances", null, 200, null],
      ["ListBackgroundTasks", stream, 200, null],
    ]);
    expect(steps).toEqual([`committed ${stream} com.huaweicloud.dms.task.succeeded`, "attempted out"]);
    const [attempt] = attempts;
    expect(attempt).toMatchObject({ stream, sink: "out", result: { kind: "accepted" } });
    expect(attempt?.endedMs).toBeGreaterThanOrEqual(attempt?.startedMs ?? Number.NaN);
    expect(summaries).toEqual([summary]);
  });

  it("sees every retry of a request, with the reason of its failure", async () => {
    const { simulator, bridge, requests } = await observed();
    simulator.faults.on("error-503", { times: 2, operation: "ListBackgroundTasks" });
    await bridge.run(new AbortController().signal);
    expect(
      requests.flatMap(({ operation, status, failure }) =>
        operation === "ListBackgroundTasks" ? [[status, failure]] : [],
      ),
    ).toEqual([
      [503, "unavailable"],
      [503, "unavailable"],
      [200, null],
    ]);
  });

  it("sees a bridge's every run beside the observer that is given to one run", async () => {
    const { bridge, steps } = await observed();
    const own: string[] = [];
    await bridge.run(new AbortController().signal, { committed: (_, { id }) => own.push(id) });
    expect(own).toHaveLength(1);
    expect(steps).toHaveLength(2);
  });
});
