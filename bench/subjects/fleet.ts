// One warm run over very many streams: the bridge's, or as many bare GETs with equal concurrency.
import { subscribe } from "node:diagnostics_channel";
import process from "node:process";
import { Agent } from "undici";
import { eachOf } from "../../lib/async/each.ts";
import { instanceId, openBridgeAt, projectId, runBridge } from "./bridge.ts";
import { reading, tell } from "./reading.ts";

const [mode, api = "", instances = "0"] = process.argv.slice(2);
const streamsAtOnce = 16;
let connections = 0;
subscribe("undici:client:connected", () => {
  connections += 1;
});

async function bare(): Promise<() => Promise<unknown>> {
  const agent = new Agent({ allowH2: false });
  const numbers = Array.from({ length: Number(instances) }, (_, number) => number);
  return () =>
    eachOf(numbers, streamsAtOnce, async (number) => {
      const path = `/v2/${projectId}/instances/${instanceId(number)}/tasks?start=1&limit=100`;
      const { body } = await agent.request({ origin: api, path, method: "GET" });
      JSON.parse(await body.text());
    });
}

async function ours(): Promise<() => Promise<unknown>> {
  const checkpoint = { type: "memory" };
  const bridge = await openBridgeAt({
    api,
    instances: Number(instances),
    checkpoint,
    hook: "http://127.0.0.1:9/",
  });
  return () => runBridge(bridge);
}

const run = await (mode === "floor" ? bare() : ours());
await run();
tell({
  ...(await reading(async () => {
    await run();
    return {};
  })),
  connections,
});
