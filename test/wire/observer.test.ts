import { describe, expect, it } from "vitest";
import { systemClock } from "../../lib/core/clock.ts";
import type { DeliveryAttempt } from "../../lib/run/observer.ts";
import type { RunSummary } from "../../lib/run/summary.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import type { RequestReport } from "../../lib/source/reported.ts";
import type { BridgeObserver } from "../../lib/wire/observer.ts";
import { atOnce, instancesOf, sourceAt, startApi } from "../harness/api.ts";
import { manualClock } from "../harness/clock.ts";
import { bridgeOf } from "../harness/wired.ts";

const stream = "rabbitmq/cn-north-4/p1/a";

/** A bridge over one listed instance with one ended task; notes what its observer sees. */
async function observed() {
  const clock = manualClock(Date.now());
  const simulator = await startApi({ clock, instances: instancesOf("a") });
  simulator.world.start({ instance: "a", name: "grow", steps: atOnce("SUCCESS") });
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
  const sources = [sourceAt(simulator, { credentials: demoKey })];
  const bridge = await bridgeOf(
    { sources, sinks: { out: { type: "console" } } },
    { clock: systemClock, observer },
  );
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
