// Drains a backlog of many streams from the embedded store, in as many runs as it takes.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { type Stream, sinkName, streamKey } from "../../lib/core/names.ts";
import { instanceId, openBridgeAt, projectId, runBridge } from "./bridge.ts";
import { outboxOf } from "./events.ts";
import { reading, tell } from "./reading.ts";

const [api = "", hook = "", instances = "0", backlog = "0", folder] = process.argv.slice(2);
const path = folder ?? (await mkdtemp(join(tmpdir(), "bench-backlog-")));
const bridge = await openBridgeAt({
  api,
  hook,
  instances: Number(instances),
  checkpoint: { type: "file", path },
});
for (let number = 0; number < Number(instances); number++) {
  const stream: Stream = {
    engine: "kafka",
    region: "cn-north-4",
    projectId,
    instanceId: instanceId(number),
  };
  const outbox = outboxOf(stream, sinkName("hook"), Number(backlog));
  const checkpoint = {
    ...begin("now", Date.now(), 0),
    baselineMs: null,
    outbox,
    nextSequence: outbox.length + 1,
  };
  await bridge.checkpoints.commit(streamKey(stream), checkpoint, null);
}
const due = Number(instances) * Number(backlog);
const readings = await reading(async () => {
  let accepted = 0;
  let runs = 0;
  // Where others wait for its place, a stream leaves what is left to the next run.
  for (let before = -1; accepted < due && accepted > before; runs++) {
    before = accepted;
    accepted += (await runBridge(bridge)).sinks["hook"]?.accepted ?? 0;
  }
  return { accepted, runs };
});
await bridge.close();
await rm(path, { recursive: true });
if (readings["accepted"] !== due) throw new Error(`${readings["accepted"]} of ${due} accepted`);
tell({ ...readings, eventsPerSecond: (due / (readings["wallMs"] ?? 0)) * 1_000 });
