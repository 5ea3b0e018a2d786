import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../lib/core/clock.ts";
import { startSimulator } from "../../lib/simulator/api.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import type { FaultName } from "../../lib/simulator/fault-table.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { openDmsSource } from "../../lib/source/dms.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { sourceConfig } from "./loopback.ts";

const tasks = 25;
const stream = { engine: "rabbitmq", region: "cn-north-4", projectId: "p1", instanceId: "i1" } as const;

/** A client with small pages and right signatures, and the simulator it reads. */
async function reading(fault: FaultName | null) {
  const simulator = await startSimulator({ random: seededRandom(5) });
  const source = openDmsSource(
    sourceConfig(simulator.url, { credentials: { ak: demoKey.ak, sk: demoKey.sk }, pageSize: 7 }),
    { clock: systemClock, random: seededRandom(6), log: silentLog },
  );
  onTestFinished(async () => {
    await source.close();
    await simulator.close();
  });
  simulator.world.addInstance({ id: "i1", name: "orders", engine: "rabbitmq", projectId: "p1" });
  for (let index = 0; index < tasks; index += 1) {
    simulator.world.start({ instance: "i1", name: `task-${index}`, startMs: Date.now() - index * 1_000 });
  }
  if (fault) simulator.faults.on(fault);
  return async () => {
    const ids = new Set<string>();
    let doubt: string | null = null;
    const { signal } = new AbortController();
    for await (const page of source.list(stream, 0, { signal })) {
      for (const { id } of page.tasks) ids.add(id);
      doubt = page.doubt ?? doubt;
    }
    return { listed: ids.size, doubt };
  };
}

describe("the client against the simulated API", () => {
  const dialects = [
    "only-offset",
    "offset-honoured",
    "zero-based-start",
    "limit-clamped",
    "count-number",
    "count-missing",
  ] as const;

  it.each([null, ...dialects])("lists every task, twice over, with the fault %s", async (fault) => {
    const list = await reading(fault);
    expect(await list()).toEqual({ listed: tasks, doubt: null });
    expect(await list()).toEqual({ listed: tasks, doubt: null });
  });

  it("lists every task while each page holds one twice", async () => {
    const list = await reading("duplicate-id");
    expect(await list()).toMatchObject({ listed: tasks });
    expect(await list()).toMatchObject({ listed: tasks });
  });

  it("doubts a listing whose start is not heard at all", async () => {
    const list = await reading("start-ignored");
    expect((await list()).doubt).not.toBeNull();
  });
});
