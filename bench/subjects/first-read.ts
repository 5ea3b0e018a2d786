// Reads all tasks of an instance for the first time, and delivers an event of each from the embedded store.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openBridgeAt, runBridge } from "./bridge.ts";
import { reading, tell } from "./reading.ts";

const [api = "", hook = "", count = "0", atOnce = "1"] = process.argv.slice(2);
const path = await mkdtemp(join(tmpdir(), "bench-first-read-"));
const bridge = await openBridgeAt({
  api,
  hook,
  instances: 1,
  checkpoint: { type: "file", path },
  startFrom: "all",
  concurrency: Number(atOnce),
});
const readings = await reading(async () => {
  const { sinks } = await runBridge(bridge);
  return { accepted: sinks["hook"]?.accepted ?? 0 };
});
await bridge.close();
await rm(path, { recursive: true });
if (readings["accepted"] !== Number(count)) throw new Error(`${readings["accepted"]} of ${count} accepted`);
tell(readings);
