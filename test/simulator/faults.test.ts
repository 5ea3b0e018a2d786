import { request } from "undici";
import { describe, expect, it } from "vitest";
import { type FaultName, faultNames, faultTable } from "../../lib/simulator/fault-table.ts";
import { codeIn, type Got, running, tasksPath } from "./running.ts";

type Running = Awaited<ReturnType<typeof running>>;

/** Sends a request that a fault strikes, and checks what is told of it. */
type Check = (simulator: Running, name: FaultName) => Promise<void>;

const refuses =
  (status: number, code: string): Check =>
  async ({ get }) => {
    expect(codeIn(await get(tasksPath))).toEqual([status, code]);
  };

/** The second of two pages of two, of four tasks. */
const secondPage =
  (check: (page: Awaited<ReturnType<Running["list"]>>, ids: readonly string[]) => void): Check =>
  async ({ list, startTasks, faults }, name) => {
    const ids = await startTasks(4, "SUCCESS");
    expect((await list("start=1&limit=2")).ids).toEqual(ids.slice(0, 2));
    expect(faults.hits(name)).toBe(0);
    check(await list("start=3&limit=2"), ids);
  };

/** The only page, of two tasks. */
const onlyPage =
  (check: (page: Awaited<ReturnType<Running["list"]>>, ids: readonly string[]) => void): Check =>
  async ({ list, startTasks }) => {
    const ids = await startTasks(2);
    check(await list(), ids);
  };

const breaks =
  (code: string): Check =>
  async ({ get }) => {
    await expect(get(tasksPath)).rejects.toMatchObject({ code });
  };

const checks: Readonly<Record<FaultName, Check>> = {
  "task-lag": async ({ world, clock, list }) => {
    const id = world.start({ instance: "rabbit", name: "n" });
    await clock.advance(4_999);
    expect(await list()).toMatchObject({ task_count: "0", ids: [] });
    await clock.advance(1);
    expect((await list()).ids).toEqual([id]);
  },
  "status-lag": async ({ world, clock, list }) => {
    const id = world.start({ instance: "rabbit", name: "n" });
    await clock.advance(1_000);
    world.setStatus(id, "SUCCESS");
    await clock.advance(4_999);
    expect((await list()).tasks).toMatchObject([{ status: "CREATED" }]);
    await clock.advance(1);
    expect((await list()).tasks).toMatchObject([{ status: "SUCCESS" }]);
  },

  "only-offset": async ({ list, startTasks }) => {
    const ids = await startTasks(3);
    expect((await list("start=2&limit=1")).ids).toEqual(ids.slice(0, 1));
    expect((await list("offset=2&limit=1")).ids).toEqual(ids.slice(2));
  },
  "offset-honoured": async ({ list, startTasks }) => {
    const ids = await startTasks(3);
    expect((await list("start=2&limit=1")).ids).toEqual(ids.slice(1, 2));
    expect((await list("offset=2&start=1&limit=1")).ids).toEqual(ids.slice(2));
  },
  "zero-based-start": async ({ list, startTasks }) => {
    const ids = await startTasks(3);
    expect((await list("start=0&limit=1")).ids).toEqual(ids.slice(0, 1));
    expect((await list("start=2&limit=1")).ids).toEqual(ids.slice(2));
  },
  "limit-clamped": async ({ list, startTasks }) => {
    const ids = await startTasks(12);
    expect((await list("limit=100")).ids).toEqual(ids.slice(0, 10));
    expect((await list("limit=1000&start=11")).ids).toEqual(ids.slice(10));
  },

  "start-ignored": secondPage((page, ids) => expect(page.ids).toEqual(ids.slice(0, 2))),
  "repeated-page": secondPage((page, ids) => expect(page.ids).toEqual(ids.slice(0, 2))),
  "insert-while-paging": secondPage((page, ids) => {
    expect(page).toMatchObject({ task_count: "5", ids: ids.slice(1, 3) });
  }),
  "delete-while-paging": secondPage((page, ids) => {
    expect(page).toMatchObject({ task_count: "3", ids: ids.slice(3) });
  }),

  "empty-page": onlyPage((page) => expect(page).toMatchObject({ task_count: "2", tasks: [] })),
  "count-low": onlyPage((page, ids) => expect(page).toMatchObject({ task_count: "1", ids })),
  "count-high": onlyPage((page, ids) => expect(page).toMatchObject({ task_count: "3", ids })),
  "count-number": onlyPage((page, ids) => expect(page).toMatchObject({ task_count: 2, ids })),
  "count-missing": onlyPage((page, ids) => {
    expect(page).not.toHaveProperty("task_count");
    expect(page.ids).toEqual(ids);
  }),
  "null-fields": onlyPage(({ tasks }, ids) => {
    expect(tasks[0]).toMatchObject({ id: ids[0], name: null, status: null, params: null, updated_at: null });
    expect(tasks[1]).toMatchObject({ id: ids[1], status: "CREATED" });
  }),
  "missing-fields": onlyPage(({ tasks }, ids) => {
    expect(Object.keys(tasks[0] ?? {})).toEqual(["id", "status", "created_at"]);
    expect(tasks[1]).toMatchObject({ id: ids[1], name: "task-0" });
  }),
  "missing-id": onlyPage(({ ids }, [, second]) => expect(ids).toEqual([undefined, second])),
  "bad-date": onlyPage(({ tasks }) => expect(Date.parse(String(tasks[0]?.["created_at"]))).toBeNaN()),
  "duplicate-id": onlyPage((page, [first, second]) => {
    expect(page).toMatchObject({ task_count: "3", ids: [first, first, second] });
  }),
  "unknown-status": onlyPage(({ tasks }) => {
    expect(tasks.map(({ status }) => status)).toEqual(["ROLLING_BACK", "CREATED"]);
  }),

  throttle: async ({ get }) => {
    const answer = await get(tasksPath);
    expect(codeIn(answer)).toEqual([429, "APIGW.0308"]);
    expect(answer.headers["retry-after"]).toBeUndefined();
    expect(JSON.parse(answer.text).request_id).toBe(answer.headers["x-request-id"]);
  },
  "throttle-seconds": async ({ get }) => {
    const answer = await get(tasksPath);
    expect(answer).toMatchObject({ status: 429, headers: { "retry-after": "2" } });
  },
  "throttle-date": async ({ get }) => {
    const { status, headers } = await get(tasksPath);
    expect([status, headers["retry-after"]]).toEqual([429, "Wed, 07 Aug 2024 12:00:02 GMT"]);
  },
  "throttle-404": refuses(404, "DMS.10240407"),
  "error-500": refuses(500, "DMS.00500000"),
  "error-502": refuses(502, "APIG.0202"),
  "error-503": refuses(503, "DMS.111501025"),
  "error-504": refuses(504, "APIG.0203"),
  unauthorized: refuses(401, "APIGW.0301"),
  "token-expired": refuses(401, "APIGW.0307"),
  html: async ({ get }) => {
    const answer = await get(tasksPath);
    expect(answer).toMatchObject({ status: 200, headers: { "content-type": "text/html" } });
    expect(answer.text).toMatch(/^<!doctype html>/);
  },
  "cut-json": async ({ get }) => {
    const answer = await get(tasksPath);
    expect(answer).toMatchObject({ status: 200, text: expect.stringMatching(/^\{"task_/) });
    expect(() => JSON.parse(answer.text)).toThrow(SyntaxError);
  },
  "cut-body": breaks("UND_ERR_SOCKET"),
  reset: breaks("ECONNRESET"),
  hang: async ({ url }) => {
    const answer = request(`${url}${tasksPath}`, { headersTimeout: 100 });
    await expect(answer).rejects.toMatchObject({ code: "UND_ERR_HEADERS_TIMEOUT" });
  },
  "slow-drip": async ({ url, clock }) => {
    const { body } = await request(`${url}${tasksPath}`);
    const iterator = body[Symbol.asyncIterator]();
    let text = "";
    for (let arrived = await iterator.next(); !arrived.done; arrived = await iterator.next()) {
      expect(arrived.value).toHaveLength(1);
      text += arrived.value;
      await clock.advance(1_000);
    }
    expect(JSON.parse(text)).toEqual({ task_count: "0", tasks: [] });
  },
  "huge-body": async ({ get, list, url, faults }) => {
    const whole = await request(`${url}${tasksPath}`);
    expect(Number(whole.headers["content-length"])).toBeGreaterThan(64 * 1024 * 1024);
    whole.body.destroy();
    faults.on("huge-body", { amount: 100_000 });
    expect((await get(tasksPath)).text.length).toBeGreaterThan(100_000);
    expect((await list()).ids).toEqual([]);
  },
  "skewed-date": async ({ get }) => {
    expect((await get(tasksPath)).headers["date"]).toBe("Wed, 07 Aug 2024 12:10:00 GMT");
  },
};

describe("a fault", () => {
  it.each(faultNames)("does what its name says, and counts it: %s", async (name) => {
    const simulator = await running();
    simulator.faults.on(name);
    await checks[name](simulator, name);
    expect(simulator.faults.hits(name)).toBeGreaterThan(0);
    expect(simulator.requests.some(({ faults }) => faults.includes(name))).toBe(true);
  });

  it("of the table has a summary and a check here, and the reverse", () => {
    expect(Object.keys(checks).toSorted()).toEqual(faultNames.toSorted());
    for (const { summary } of Object.values(faultTable)) expect(summary).not.toBe("");
  });

  const statuses = async (
    { get }: Running,
    targets: readonly string[],
  ): Promise<readonly Got["status"][]> => {
    const found: number[] = [];
    for (const target of targets) found.push((await get(target)).status);
    return found;
  };
  const many = Array.from({ length: 40 }, () => tasksPath);

  it("strikes so many times, then is off", async () => {
    const simulator = await running();
    simulator.faults.on("error-503", { times: 2 });
    expect(simulator.faults.active()).toEqual(["error-503"]);
    expect(await statuses(simulator, many.slice(0, 4))).toEqual([503, 503, 200, 200]);
    expect(simulator.faults.active()).toEqual([]);
    expect(simulator.faults.hits("error-503")).toBe(2);
  });

  it("strikes until it is switched off", async () => {
    const simulator = await running();
    const { faults } = simulator;
    faults.on("error-503");
    expect(new Set(await statuses(simulator, many))).toEqual(new Set([503]));
    faults.off("error-503");
    faults.on("error-500");
    expect(await statuses(simulator, [tasksPath])).toEqual([500]);
    faults.clear();
    expect(await statuses(simulator, [tasksPath])).toEqual([200]);
    expect([faults.hits("error-503"), faults.hits("error-500")]).toEqual([40, 1]);
  });

  it("strikes by chance, the same for the same seed", async () => {
    const rolled = async () => {
      const simulator = await running();
      simulator.faults.on("error-503", { probability: 0.5 });
      return statuses(simulator, many);
    };
    const first = await rolled();
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect(await rolled()).toEqual(first);
  });

  it("strikes the instance or the call it is meant for", async () => {
    const simulator = await running();
    const { faults } = simulator;
    const redis = tasksPath.replace("rabbit", "redis");
    const targets = [tasksPath, redis, "/v2/project/instances"];
    faults.on("error-503", { instance: "redis" });
    expect(await statuses(simulator, targets)).toEqual([200, 503, 200]);
    faults.on("error-503", { operation: "ListInstances" });
    expect(await statuses(simulator, targets)).toEqual([200, 200, 503]);
  });

  it("leaves IAM alone unless it is meant", async () => {
    const { url, faults } = await running();
    const ask = async () => {
      const answer = await request(`${url}/v3/auth/tokens`, { method: "POST", body: "{}" });
      await answer.body.dump();
      return answer.statusCode;
    };
    faults.on("error-503");
    expect(await ask()).toBe(400);
    faults.on("error-503", { operation: "CreateToken" });
    expect(await ask()).toBe(503);
  });

  it("takes another amount than its usual one", async () => {
    const { faults, list, startTasks } = await running();
    const ids = await startTasks(5);
    faults.on("limit-clamped", { amount: 3 });
    expect((await list("limit=100")).ids).toEqual(ids.slice(0, 3));
  });
});
