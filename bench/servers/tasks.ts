import { type Served, serve } from "./serve.ts";

/** When the tasks were created. */
export interface TaskTimes {
  /** Epoch milliseconds, a step before the first. */
  readonly startMs: number;
  /** From one task to the next, milliseconds. */
  readonly stepMs: number;
}

const everySecond: TaskTimes = { startMs: Date.UTC(2026, 9, 1), stepMs: 1_000 };

/** A task record as the API shows it, about 440 bytes of JSON. */
function taskRecord(number: number, { startMs, stepMs }: TaskTimes): object {
  const createdMs = startMs + number * stepMs;
  return {
    id: `${number.toString(16).padStart(8, "0")}-0b9e-4c1d-9d6a-5e1f7a2b3c4d`,
    name: "bindInstancePublicIp",
    params: JSON.stringify({
      public_ip_id: "2f8c4c1e-9a64-4d0f-b7a5-1f7f1e2d3c4b",
      public_ip_address: "203.0.113.25",
      port_id: "c4b3d2e1-f7f1-5a7b-0fd4-46a9e1c4c8f2",
      enable_public_ip: true,
    }),
    status: "SUCCESS",
    user_id: "0123456789abcdef0123456789abcdef",
    user_name: "li.wei",
    created_at: new Date(createdMs).toISOString(),
    updated_at: new Date(createdMs + 5_000).toISOString(),
  };
}

export interface TaskServer extends Served {
  /** Number of requests since its start. */
  readonly requests: () => number;
  /** Number of connections since its start. */
  readonly connections: () => number;
}

/** The DMS API of instances with `count` tasks each, in any time window. Pages are prepared beforehand. */
export async function serveTasks(count: number, times = everySecond): Promise<TaskServer> {
  const limit = 100;
  const pages = new Map<number, Buffer>();
  for (let first = 0; first === 0 || first < count; first += limit) {
    const length = Math.min(limit, count - first);
    const tasks = Array.from({ length }, (_, index) => taskRecord(count - first - index, times));
    pages.set(first + 1, Buffer.from(JSON.stringify({ task_count: String(count), tasks })));
  }
  const beyond = Buffer.from(JSON.stringify({ task_count: String(count), tasks: [] }));
  const sockets = new Set<object>();
  let requests = 0;
  const served = await serve((request, response) => {
    requests += 1;
    sockets.add(request.socket);
    const { searchParams } = new URL(request.url ?? "", "http://localhost");
    const body = pages.get(Number(searchParams.get("start") ?? "1")) ?? beyond;
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
    response.end(body);
  });
  return { ...served, requests: () => requests, connections: () => sockets.size };
}
