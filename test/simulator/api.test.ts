import { connect } from "node:net";
import { request } from "undici";
import { describe, expect, it } from "vitest";
import { type RecordedRequest, startSimulator } from "../../lib/simulator/api.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { codeIn, running, startMs, steps, tasksPath } from "./running.ts";

describe("ListBackgroundTasks", () => {
  it("shows a task as its steps come due", async () => {
    const { world, clock, list } = await running();
    const id = world.start({
      instance: "rabbit",
      name: "bindInstancePublicIp",
      params: { public_ip_id: "eip" },
      user: { id: "u1", name: "anna" },
      steps: steps("CREATED", "EXECUTING", "SUCCESS"),
    });
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    const created = {
      id,
      name: "bindInstancePublicIp",
      user_id: "u1",
      user_name: "anna",
      params: '{"public_ip_id":"eip"}',
      status: "CREATED",
      created_at: "2024-08-07T12:00:00.250Z",
      updated_at: "2024-08-07T12:00:00.250Z",
    };
    expect(await list()).toEqual({ task_count: "1", tasks: [created], ids: [id] });
    await clock.advance(1_999);
    expect((await list()).tasks).toEqual([
      { ...created, status: "EXECUTING", updated_at: "2024-08-07T12:00:01.250Z" },
    ]);
    await clock.advance(1);
    expect((await list()).tasks).toEqual([
      { ...created, status: "SUCCESS", updated_at: "2024-08-07T12:00:02.250Z" },
    ]);
  });

  it("pages by start from 1, newest first, and gives an empty page past the end", async () => {
    const { list, startTasks } = await running();
    const ids = await startTasks(12);
    expect((await list()).ids).toEqual(ids.slice(0, 10));
    expect((await list("start=11")).ids).toEqual(ids.slice(10));
    expect((await list("start=3&limit=4")).ids).toEqual(ids.slice(2, 6));
    expect(await list("start=13")).toMatchObject({ task_count: "12", ids: [] });
  });

  it("selects on created_at and counts what it selects", async () => {
    const { list, startTasks } = await running();
    const ids = await startTasks(5);
    const page = await list("begin_time=20240807120001&end_time=20240807120003&limit=2");
    expect(page).toMatchObject({ task_count: "3", ids: ids.slice(1, 3) });
  });

  it("pages by offset from 0, selects by start_time and counts in a number for a DCS instance", async () => {
    const { world, clock, list } = await running();
    const path = tasksPath.replace("rabbit", "redis");
    const older = world.start({ instance: "redis", name: "EXTEND" });
    await clock.advance(1_000);
    const newer = world.start({ instance: "redis", name: "BindEip" });
    expect((await list("offset=1", path)).ids).toEqual([older]);
    expect(await list("offset=0", path)).toMatchObject({ task_count: 2, ids: [newer, older] });
    expect((await list("start_time=20240807120001", path)).ids).toEqual([newer]);
  });

  it("shows what is set, removed or added by hand", async () => {
    const { world, clock, list } = await running();
    const id = world.start({ instance: "rabbit", name: "n", steps: steps("CREATED", "SUCCESS") });
    await clock.advance(500);
    world.setStatus(id, "FAILED");
    await clock.advance(5_000);
    expect((await list()).tasks).toMatchObject([
      { status: "FAILED", updated_at: "2024-08-07T12:00:00.750Z" },
    ]);
    world.remove(id);
    world.addRaw("rabbit", { id: 7 });
    expect((await list()).tasks).toEqual([{ id: 7 }]);
  });

  it("shows a task of the future when its time has come", async () => {
    const { world, clock, list } = await running();
    const id = world.start({ instance: "rabbit", name: "n", startMs: startMs + 1_000 });
    expect((await list()).ids).toEqual([]);
    await clock.advance(1_000);
    expect((await list()).ids).toEqual([id]);
  });

  it("is refused once the instance is gone", async () => {
    const { world, get, startTasks } = await running();
    await startTasks(1);
    world.removeInstance("rabbit");
    expect(codeIn(await get(tasksPath))).toEqual([404, "DMS.00404022"]);
  });
});

describe("ShowBackgroundTask", () => {
  it("gives one task in the same envelope, and 404 for none", async () => {
    const { world, get, list } = await running();
    const id = world.start({ instance: "rabbit", name: "n" });
    world.start({ instance: "rabbit", name: "other" });
    expect(await list("", `${tasksPath}/${id}`)).toMatchObject({ task_count: "1", ids: [id] });
    expect(codeIn(await get(`${tasksPath}/none`))).toEqual([404, "DMS.00404000"]);
  });
});

describe("ListInstances", () => {
  const path = "/v2/project/instances";

  it("pages the instances of one engine in one project by offset from 0", async () => {
    const { world, get } = await running();
    world.addInstance({ id: "rabbit-2", name: "returns", engine: "rabbitmq", projectId: "project" });
    world.addInstance({ id: "rabbit-3", name: "other", engine: "rabbitmq", projectId: "another" });
    const first = JSON.parse((await get(`${path}?engine=rabbitmq&limit=1`)).text);
    expect(first).toMatchObject({
      instance_num: 2,
      instances: [{ instance_id: "rabbit", name: "orders", engine: "rabbitmq", status: "RUNNING" }],
    });
    expect(first.instances[0].created_at).toBe(String(startMs));
    const second = JSON.parse((await get(`${path}?engine=rabbitmq&limit=1&offset=1`)).text);
    expect(second.instances).toMatchObject([{ instance_id: "rabbit-2" }]);
    expect(codeIn(await get(`${path}?engine=rabbitmq&offset=2`))).toEqual([400, "DMS.40050010"]);
  });

  it("gives none at offset 0, RocketMQ under its other name, and DCS instances without an engine", async () => {
    const { world, get } = await running();
    world.addInstance({ id: "rocket", name: "bills", engine: "rocketmq", projectId: "project" });
    const none = JSON.parse((await get(`${path}?engine=kafka`)).text);
    expect(none).toEqual({ instances: [], instance_num: 0 });
    const found = async (query: string) => JSON.parse((await get(`${path}${query}`)).text).instances;
    expect(await found("?engine=reliability")).toMatchObject([{ instance_id: "rocket" }]);
    expect(await found("")).toMatchObject([{ instance_id: "redis", engine: "Redis" }]);
  });
});

describe("what cannot be answered", () => {
  it.each([
    [400, "DMS.00400002", "/v2/no%20project/instances"],
    [400, "DMS.00400030", "/v2/project/instances/no%20id/tasks"],
    [400, "DMS.00400070", `${tasksPath}/no%20id`],
    [404, "DMS.00404022", "/v2/project/instances/none/tasks"],
    [404, "DMS.00404022", "/v2/another/instances/rabbit/tasks"],
    [400, "DMS.00400062", `${tasksPath}?limit=101`],
    [400, "DMS.00400062", `${tasksPath}?start=0`],
    [400, "DMS.00400062", `${tasksPath}?begin_time=yesterday`],
    [400, "DMS.00400062", "/v2/project/instances?engine=constructor"],
    [400, "DMS.00400062", "/v2/project/instances?engine=kafka&limit=51"],
    [400, "DMS.00400062", "/v2/project/instances?engine=kafka&offset=x"],
    [404, "APIG.0101", "/"],
    [404, "APIG.0101", "/v2/project/instances/rabbit"],
    [404, "APIG.0101", `${tasksPath}/id/progress`],
    [404, "APIG.0101", "/v2/%zz/instances"],
    [404, "APIG.0101", "//"],
  ])("is refused with %i %s: %s", async (status, code, target) => {
    const { get } = await running();
    const answer = await get(target);
    expect(codeIn(answer)).toEqual([status, code]);
    const body = JSON.parse(answer.text);
    expect(body.error_msg).not.toBe("");
    expect(body.request_id).toBe(code.startsWith("APIG") ? answer.headers["x-request-id"] : undefined);
  });

  it.each(["DELETE", "PUT", "POST", "OPTIONS"] as const)("is refused with 405: %s", async (method) => {
    const { url, world, list } = await running();
    const id = world.start({ instance: "rabbit", name: "n" });
    const answer = await request(`${url}${tasksPath}`, { method });
    expect(answer.statusCode).toBe(405);
    await answer.body.dump();
    expect((await list()).ids).toEqual([id]);
  });

  it("leaves the server standing: a long body, long headers, no HTTP at all", async () => {
    const { url, port, get } = await running();
    const long = await request(url, { method: "POST", body: "x".repeat(2_000_000) });
    expect(long.statusCode).toBe(413);
    await long.body.dump();
    expect((await request(url, { headers: { "x-long": "x".repeat(40_000) } })).statusCode).toBe(431);
    const said = await new Promise<string>((resolve) => {
      connect(port, "127.0.0.1")
        .on("data", (data) => resolve(data.toString()))
        .write("no HTTP\r\n\r\n");
    });
    expect(said).toMatch(/^HTTP\/1.1 400 /);
    expect((await get(tasksPath)).status).toBe(200);
  });
});

describe("the server", () => {
  it("dates its answers by its own clock and gives each an id", async () => {
    const { get, clock } = await running();
    const first = await get(tasksPath);
    expect(first.headers["date"]).toBe("Wed, 07 Aug 2024 12:00:00 GMT");
    await clock.advance(3_600_000);
    const second = await get("/nothing");
    expect(second.headers["date"]).toBe("Wed, 07 Aug 2024 13:00:00 GMT");
    expect(second.headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(second.headers["x-request-id"]).not.toBe(first.headers["x-request-id"]);
  });

  it("counts, keeps and tells what it is asked", async () => {
    const told: RecordedRequest[] = [];
    const { get, faults, requests, requestCount } = await running({ onRequest: (it) => told.push(it) });
    faults.on("error-503", { times: 1 });
    await get(`${tasksPath}?limit=5`);
    await get("/nothing");
    expect(requests).toEqual([
      {
        number: 1,
        receivedAtMs: startMs,
        method: "GET",
        path: tasksPath,
        query: { limit: "5" },
        operation: "ListBackgroundTasks",
        instance: "rabbit",
        status: 503,
        faults: ["error-503"],
      },
      expect.objectContaining({ operation: "unknown", instance: "", status: 404, faults: [] }),
    ]);
    expect(told).toEqual(requests);
    expect(requestCount()).toBe(2);
  });

  it("closes although a connection is kept alive and another waits for its answer", async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<RecordedRequest>();
    const { get, faults, close } = await running({
      onRequest: (it) => it.faults.includes("hang") && resolve(it),
    });
    await get(tasksPath);
    faults.on("hang");
    const hanging = get(tasksPath).catch((error: Error) => error);
    expect((await arrived).status).toBeNull();
    await close();
    expect(await hanging).toBeInstanceOf(Error);
  });

  it("wakes what it has asleep when it closes", async () => {
    const { promise: asleep, resolve } = Promise.withResolvers<AbortSignal>();
    const clock = { now: () => startMs, sleep: async (_ms: number, signal: AbortSignal) => resolve(signal) };
    const { get, faults, close } = await running({ clock });
    faults.on("slow-drip");
    const dripping = get(tasksPath).catch(() => {});
    const signal = await asleep;
    expect(signal.aborted).toBe(false);
    await close();
    expect(signal.aborted).toBe(true);
    await dripping;
  });

  it("outlives a client that goes away in the middle of its body", async () => {
    const { port, get, requestCount } = await running();
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
    while (requestCount() < 1) await new Promise((resolve) => setImmediate(resolve));
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.resetAndDestroy();
    await closed;
    expect((await get(tasksPath)).status).toBe(200);
  });

  it("rejects when its port is taken", async () => {
    const { port } = await running();
    await expect(startSimulator({ random: seededRandom(1), port })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });
});
