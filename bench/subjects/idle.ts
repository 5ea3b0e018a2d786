// Warm runs without changes: the bridge's, or a GET and JSON.parse of the same page, unsigned or signed.
import process from "node:process";
import { Agent } from "undici";
import { sign } from "../../lib/huawei/sign.ts";
import { instanceId, openBridgeAt, projectId, runBridge } from "./bridge.ts";
import { reading, tell } from "./reading.ts";

const [mode, api = "", table = "", count = "0"] = process.argv.slice(2);
/** Enough for the compiler to optimize. */
const warmUps = 100;

const path = `/v2/${projectId}/instances/${instanceId(0)}/tasks`;

async function bare(): Promise<() => Promise<unknown>> {
  const agent = new Agent({ allowH2: false });
  return async () => {
    const { body } = await agent.request({ origin: api, path: `${path}?start=1&limit=100`, method: "GET" });
    return JSON.parse(await body.text());
  };
}

/** A GET with the API's headers and a signature. */
async function signed(): Promise<() => Promise<unknown>> {
  const agent = new Agent({ allowH2: false });
  const query = [["start", "1"] as const, ["limit", "100"] as const];
  const headers = { host: new URL(api).host, "content-type": "application/json", "x-project-id": projectId };
  return async () => {
    const added = sign({ method: "GET", path, query, headers, body: "" }, { ak: "a", sk: "b" }, Date.now());
    const { body } = await agent.request({
      origin: api,
      path: `${path}?start=1&limit=100`,
      method: "GET",
      headers: { ...headers, ...added, accept: "application/json", "user-agent": "bench" },
    });
    return JSON.parse(await body.text());
  };
}

async function ours(): Promise<() => Promise<unknown>> {
  const checkpoint = { type: "dynamodb", table: "checkpoints", endpoint: table, region: "eu-west-1" };
  const bridge = await openBridgeAt({ api, instances: 1, checkpoint, hook: "http://127.0.0.1:9/" });
  return () => runBridge(bridge);
}

const runs: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = { floor: bare, signed, ours };
const run = await (runs[mode ?? ""] ?? ours)();
for (let number = 0; number < warmUps; number++) await run();
tell(
  await reading(async () => {
    for (let number = 0; number < Number(count); number++) await run();
    return {};
  }),
);
