import { engines } from "../core/names.ts";
import { type RefusalName, refusal } from "./errors.ts";
import type { Faults, FaultTarget, OperationName } from "./faults.ts";
import { dcsDialect, dmsDialect, pageOf, parseSlice, wholeNumber } from "./listing.ts";
import type { ReceivedRequest } from "./request.ts";
import { json, type SimulatedResponse } from "./response.ts";
import { noLag, type SimulatedInstance, type World } from "./world.ts";

const routes = [
  ["CreateToken", "POST", /^\/v3\/auth\/tokens$/],
  ["ListInstances", "GET", /^\/v2\/(?<projectId>[^/]+)\/instances$/],
  ["ListBackgroundTasks", "GET", /^\/v2\/(?<projectId>[^/]+)\/instances\/(?<instanceId>[^/]+)\/tasks$/],
  [
    "ShowBackgroundTask",
    "GET",
    /^\/v2\/(?<projectId>[^/]+)\/instances\/(?<instanceId>[^/]+)\/tasks\/(?<taskId>[^/]+)$/,
  ],
] as const satisfies readonly (readonly [OperationName, string, RegExp])[];

/** A request's place in the API; ids missing from the path are empty. */
export interface Route {
  readonly operation: OperationName;
  readonly projectId: string;
  readonly instanceId: string;
  readonly taskId: string;
}

/** The route, or the reason why there is none. */
export function routeOf({ method, path }: ReceivedRequest): Route | "unknownRoute" | "badMethod" {
  for (const [operation, expectedMethod, pattern] of routes) {
    const match = pattern.exec(path ?? "");
    if (match === null) continue;
    if (method !== expectedMethod) return "badMethod";
    return { operation, projectId: "", instanceId: "", taskId: "", ...match.groups };
  }
  return "unknownRoute";
}

/** A request as its route sees it. */
export interface SimulatedCall {
  readonly route: Route;
  readonly query: URLSearchParams;
  readonly world: World;
  readonly faults: Faults;
  readonly target: FaultTarget;
  readonly requestId: string;
}

/** Responds to an authenticated call of the DMS or DCS API. */
export function answerCall(call: SimulatedCall): SimulatedResponse {
  const { route, world, requestId } = call;
  if (!isId(route.projectId)) return refusal("badProject", requestId);
  if (route.operation === "ListInstances") return listInstances(call);
  if (!isId(route.instanceId)) return refusal("badInstance", requestId);
  const instance = world.instance(route.instanceId);
  if (instance?.projectId !== route.projectId) return refusal("unknownInstance", requestId);
  return route.operation === "ShowBackgroundTask" ? showTask(call) : listTasks(call, instance);
}

/** Less strict than the cloud's own ids, so that tests may use readable ones. */
const isId = (text: string): boolean => /^[\w-]{1,64}$/.test(text);

function listTasks(
  { query, world, faults, target, requestId }: SimulatedCall,
  instance: SimulatedInstance,
): SimulatedResponse {
  const isDcs = instance.engine === "dcs";
  const dialect = faults.strike("dialect", isDcs ? dcsDialect : dmsDialect, target);
  const asked = parseSlice(query, dialect);
  if ("wrong" in asked) return refusal("badParameter", requestId, `(${asked.wrong})`);
  const slice = faults.strike("slice", asked, target);
  faults.strike("scene", { world, instance: instance.id, slice }, target);
  const rows = world.rows(instance.id, faults.strike("lag", noLag, target));
  const { total, page } = pageOf(faults.strike("rows", rows, target), slice);
  const body = { task_count: isDcs ? total : String(total), tasks: page.map((row) => row.read()) };
  return json(200, faults.strike("page", body, target));
}

function showTask({ route, world, faults, target, requestId }: SimulatedCall): SimulatedResponse {
  if (!isId(route.taskId)) return refusal("badTask", requestId);
  const rows = world.rows(route.instanceId, faults.strike("lag", noLag, target));
  const row = rows.find(({ id }) => id === route.taskId);
  if (row === undefined) return refusal("unknownTask", requestId);
  return json(200, { task_count: "1", tasks: [row.read()] });
}

const maxInstances = 50;

function listInstances({ route, query, world, requestId }: SimulatedCall): SimulatedResponse {
  const wrong = (parameter: string, name: RefusalName = "badParameter") =>
    refusal(name, requestId, `(${parameter})`);
  const offset = wholeNumber(query.get("offset") ?? "0");
  const limit = wholeNumber(query.get("limit") ?? "10");
  // DCS lacks this parameter and DMS requires it; this host serves both APIs.
  const asked = query.get("engine") ?? "dcs";
  const engine = asked === "reliability" ? "rocketmq" : asked;
  if (!engines.some((known) => known === engine)) return wrong("engine");
  if (offset === null) return wrong("offset");
  if (limit === null || limit < 1 || limit > maxInstances) return wrong("limit");
  const found = world.instances().filter((it) => it.projectId === route.projectId && it.engine === engine);
  if (offset > 0 && offset >= found.length) return wrong("offset", "pastTheEnd");
  return json(200, {
    instances: found.slice(offset, offset + limit).map(instanceRecord),
    instance_num: found.length,
  });
}

const instanceRecord = ({ id, name, engine, createdAtMs }: SimulatedInstance) => ({
  instance_id: id,
  name,
  engine: engine === "dcs" ? "Redis" : engine,
  status: "RUNNING",
  type: "cluster",
  enterprise_project_id: "0",
  created_at: String(createdAtMs),
});
