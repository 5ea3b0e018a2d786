// Warm runs in which nothing has changed: the bridge's, or a bare GET and JSON.parse of the same page.
import process from "node:process";
import { Agent } from "undici";
import { instanceId, openBridgeAt, projectId, runBridge } from "./bridge.ts";
import { reading, tell } from "./reading.ts";

const [mode, api = "", table = "", runs = "0"] = process.argv.slice(2);
/** Enough for the compiler to have done its work. */
const warmUps = 100;

async function bare(): Promise<() => Promise<unknown>> {
  const agent = new Agent({ allowH2: false });
  const path = `/v2/${projectId}/instances/${instanceId(0)}/tasks?start=1&limit=100`;
  return async () => {
    const { body } = await agent.request({ origin: api, path, method: "GET" });
    return JSON.parse(await body.text());
  };
}

async function ours(): Promise<() => Promise<unknown>> {
  const checkpoint = { type: "dynamodb", table: "checkpoints", endpoint: table, region: "eu-west-1" };
  const bridge = await openBridgeAt({ api, instances: 1, checkpoint, hook: "http://127.0.0.1:9/" });
  return () => runBridge(bridge);
}

const run = await (mode === "floor" ? bare() : ours());
for (let count = 0; count < warmUps; count++) await run();
tell(
  await reading(async () => {
    for (let count = 0; count < Number(runs); count++) await run();
    return {};
  }),
);
