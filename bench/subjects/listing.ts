// Lists all tasks of an instance: through the bridge, or with bare undici and JSON.parse.
import process from "node:process";
import { Agent } from "undici";
import type { KnownTask } from "../../lib/change/known.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { systemClock } from "../../lib/core/clock.ts";
import type { Stream, TaskId } from "../../lib/core/names.ts";
import { readSnapshot } from "../../lib/run/snapshot.ts";
import { openDmsSource } from "../../lib/source/dms.ts";
import { reading, tell } from "./reading.ts";

const [mode, origin = "", count = "0"] = process.argv.slice(2);
const instance = "11111111-0000-4000-8000-000000000001";

/** Pages through the listing and compares each status with the known one. */
async function bare(known: ReadonlyMap<string, string>): Promise<number> {
  const agent = new Agent({ allowH2: false });
  let seen = 0;
  let changed = 0;
  for (let start = 1; ; start += 100) {
    const path = `/v2/p1/instances/${instance}/tasks?start=${start}&limit=100`;
    const { body } = await agent.request({ origin, path, method: "GET" });
    const page = JSON.parse(await body.text()) as {
      tasks: { id: string; status: string }[];
      task_count: string;
    };
    for (const { id, status } of page.tasks) if (known.get(id) !== status) changed += 1;
    seen += page.tasks.length;
    if (page.tasks.length === 0 || seen >= Number(page.task_count)) break;
  }
  await agent.close();
  return changed;
}

async function ours(known: ReadonlyMap<TaskId, KnownTask>): Promise<number> {
  const stream: Stream = { engine: "kafka", region: "cn-north-4", projectId: "p1", instanceId: instance };
  const log = (): void => {};
  const source = openDmsSource(
    {
      ...stream,
      endpoint: origin,
      instances: [instance],
      credentials: { ak: "a", sk: "b" },
      startFrom: "now",
      lookback: 900_000,
      maxOpenAge: 604_800_000,
      overdue: {},
      timeZone: "UTC",
      pageSize: 100,
      requestTimeout: 15_000,
    } as Parameters<typeof openDmsSource>[0],
    { clock: systemClock, random: Math.random, log },
  );
  const maxOpenAgeMs = 604_800_000;
  const rules = { nowMs: Date.now(), overdueAfterMs: () => null, baselineMs: null, maxOpenAgeMs };
  const checkpoint = { ...begin("all", Date.now(), maxOpenAgeMs), known };
  const reach = { startMs: null, lookbackMs: 900_000, maxOpenAgeMs };
  const place = { stream, source, log, clock: systemClock, reach };
  const snapshot = await readSnapshot(place, checkpoint, rules, { signal: AbortSignal.timeout(600_000) });
  await source.close();
  return snapshot.tasks.size;
}

const createdMs = Date.UTC(2026, 9, 1);
const idOf = (number: number) => `${number.toString(16).padStart(8, "0")}-0b9e-4c1d-9d6a-5e1f7a2b3c4d`;

/** The known state of each task beforehand. */
function knownAs<Key extends string, Known>(of: (number: number) => Known): ReadonlyMap<Key, Known> {
  const known = new Map<Key, Known>();
  for (let number = 1; number <= Number(count); number++) known.set(idOf(number) as Key, of(number));
  return known;
}

const asRecorded = (number: number): KnownTask => ({
  status: "SUCCESS",
  createdAtMs: createdMs + number * 1_000,
  updatedAtMs: createdMs + number * 1_000 + 5_000,
  name: "",
  overdueEmitted: false,
  doubt: null,
  past: [],
  gone: null,
});

const list =
  mode === "floor"
    ? (
        (known) => () =>
          bare(known)
      )(knownAs(() => "SUCCESS"))
    : (
        (known) => () =>
          ours(known)
      )(knownAs<TaskId, KnownTask>(asRecorded));
tell(await reading(async () => ({ changed: await list() })));
