import { MockAgent } from "undici";
import { describe, expect, it } from "vitest";
import type { SourceConfig } from "../../lib/config/schema.ts";
import { ConfigError } from "../../lib/core/errors.ts";
import { taskId } from "../../lib/core/names.ts";
import { parseAuthorization, signatureOf } from "../../lib/huawei/sign.ts";
import { openDmsSource } from "../../lib/source/dms.ts";
import { iamEndpoint } from "../../lib/source/endpoints.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import {
  failure,
  json,
  key,
  type LoopbackHandler,
  loopback,
  open,
  readAll,
  record,
  running,
  sleepingClock,
  sourceConfig,
  stream,
  tasks,
  text,
} from "./loopback.ts";

const beginMs = Date.parse("2024-08-07T16:30:15.999Z");
const queryOf = (url: URL | undefined) => Object.fromEntries(url?.searchParams ?? []);

describe("a list request", () => {
  it("asks for the instance's tasks from a position and a second on", async () => {
    const server = await loopback(tasks(record("a")));
    await readAll(open(server.origin).source, beginMs);
    const [request] = server.requests;
    expect(request?.method).toBe("GET");
    expect(request?.url.pathname).toBe("/v2/project/instances/instance/tasks");
    expect(queryOf(request?.url)).toEqual({ start: "1", limit: "100", begin_time: "20240807163015" });
    expect(request?.headers).toMatchObject({
      "x-project-id": "project",
      "content-type": "application/json",
      "user-agent": "dms-task-bridge",
    });
  });

  it("has no bound at 0 or less, and the configured page size", async () => {
    const server = await loopback(tasks());
    await readAll(open(server.origin, { pageSize: 7 }).source, 0);
    expect(queryOf(server.requests[0]?.url)).toEqual({ start: "1", limit: "7" });
  });

  it("tells the time in the configured zone", async () => {
    const server = await loopback(tasks());
    await readAll(open(server.origin, { timeZone: "Asia/Shanghai" }).source, beginMs);
    expect(queryOf(server.requests[0]?.url)["begin_time"]).toBe("20240808003015");
  });

  it("speaks DCS's dialect to DCS", async () => {
    const server = await loopback(tasks());
    await readAll(open(server.origin, { engine: "dcs" }).source, beginMs);
    expect(queryOf(server.requests[0]?.url)).toEqual({
      offset: "0",
      limit: "100",
      start_time: "20240807163015",
    });
  });

  it("keeps the path of an endpoint that has one, and signs it", async () => {
    const server = await loopback(tasks());
    await readAll(open(`${server.origin}/proxy/`).source);
    const path = server.requests[0]?.url.pathname;
    expect(path).toBe("/proxy/v2/project/instances/instance/tasks");
  });

  it("carries a signature that a server can verify, temporary credentials included", async () => {
    const server = await loopback(tasks());
    await readAll(open(server.origin, { credentials: { ...key, securityToken: "t" } }).source, beginMs);
    const [request] = server.requests;
    const signed = parseAuthorization(request?.headers.authorization ?? "");
    const headers = Object.fromEntries(
      Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(signed?.ak).toBe("AK");
    expect(signed?.signedNames).toEqual([
      "content-type",
      "host",
      "x-project-id",
      "x-sdk-date",
      "x-security-token",
    ]);
    const verified = signatureOf(
      {
        method: "GET",
        path: request?.url.pathname ?? "",
        query: [...(request?.url.searchParams ?? [])],
        headers,
        body: "",
      },
      key.sk,
      "20240807T120000Z",
      signed?.signedNames ?? [],
    );
    expect(signed?.signature).toBe(verified);
    expect(headers["x-security-token"]).toBe("t");
  });

  it("for a next page starts after the records received", async () => {
    const page = (from: number, to: number) =>
      json({
        task_count: "150",
        tasks: Array.from({ length: to - from }, (_, index) => record(`t${from + index}`)),
      });
    const server = await loopback(page(0, 100), page(100, 150));
    const { ids, pages } = await readAll(open(server.origin).source);
    expect(ids).toHaveLength(150);
    expect(pages).toHaveLength(2);
    expect(server.requests.map(({ url }) => url.searchParams.get("start"))).toEqual(["1", "101"]);
  });

  it("that is refused past the end ends the listing", async () => {
    const server = await loopback(json({ tasks: [record("a")] }), json({ error_code: "DMS.00400062" }, 400));
    const { ids } = await readAll(open(server.origin, { pageSize: 1 }).source);
    expect(ids).toEqual(["a"]);
  });
});

it("tells the log what it learned of the API's paging, once", async () => {
  const server = await loopback((response, request) => {
    const { searchParams } = new URL(request.url ?? "", "http://loopback");
    const offset = Number(searchParams.get("offset") ?? 0);
    json({ task_count: 2, tasks: [record(`t${offset}`)] })(response, request);
  });
  const { source, logged } = open(server.origin, { pageSize: 1 });
  for (let time = 0; time < 2; time++) expect((await readAll(source)).ids).toEqual(["t0", "t1"]);
  expect(logged).toEqual([
    {
      level: "info",
      message: "the API's paging differs from its documentation",
      fields: { name: "offset", base: 0 },
    },
  ]);
});

it("tells the log once that the API counts more than it lists", async () => {
  const server = await loopback((response, request) => {
    const isFirst = new URL(request.url ?? "", "http://loopback").searchParams.get("start") === "1";
    json({ task_count: 5, tasks: isFirst ? [record("a"), record("b")] : [] })(response, request);
  });
  const { source, logged } = open(server.origin);
  for (let time = 0; time < 2; time++) expect((await readAll(source)).ids).toEqual(["a", "b"]);
  expect(logged).toEqual([
    {
      level: "warn",
      message: "the API counts more tasks than it lists",
      fields: { instance: "instance", tooMany: 3 },
    },
  ]);
});

describe("one task", () => {
  const get = (origin: string) => open(origin).source.get(stream, taskId("a"), { signal: running() });

  it("is asked for by its id", async () => {
    const server = await loopback(tasks(record("a", { status: "SUCCESS" })));
    expect(await get(server.origin)).toMatchObject({ id: "a", status: "SUCCESS" });
    expect(server.requests[0]?.url.pathname).toBe("/v2/project/instances/instance/tasks/a");
  });

  it.each(["DMS.00404099", "DCS.4404", "111404063"])("is gone by a 404 with the code %s", async (code) => {
    expect(await get((await loopback(json({ error_code: code }, 404))).origin)).toBeNull();
  });

  it.each([
    ["a missing instance", json({ error_code: "DMS.00404022" }, 404), "not_found"],
    ["a proxy's 404", text("<html>", 404), "not_found"],
    ["a proxy's 404 in JSON", json({ message: "no route", code: 404 }, 404), "not_found"],
    ["a proxy's 404 with a code of its own", json({ error_code: "PROXY.404" }, 404), "not_found"],
    ["a 404 without a body", json({}, 404), "not_found"],
    ["the gateway's 404 that is throttling", json({ error_code: "APIGW.0308" }, 404), "throttled"],
    ["the service's 404 that is throttling", json({ error_code: "DMS.10240407" }, 404), "throttled"],
    ["an empty list", tasks(), "malformed"],
    ["no list", json({}), "malformed"],
    ["another task", tasks(record("b")), "malformed"],
    ["a wrong endpoint", json({ error_code: "APIG.0101" }, 404), "rejected"],
    ["a task that cannot be read", tasks(record("a", { status: null })), "malformed"],
  ] satisfies [string, LoopbackHandler, string][])("is not gone by %s", async (_name, handler, reason) => {
    const server = await loopback(handler);
    expect(await failure(get(server.origin))).toMatchObject({ reason });
  });
});

describe("instances", () => {
  const all = { instances: "all" } as const;
  const page = (total: number | string, ...ids: readonly string[]) =>
    json({ instance_num: total, instances: ids.map((id) => ({ instance_id: id, name: `name of ${id}` })) });
  const many = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `i${from + index}`);
  const instancesOf = (opened: ReturnType<typeof open>) => opened.source.instances({ signal: running() });
  const list = async (opened: ReturnType<typeof open>) => (await instancesOf(opened)).instances;

  it("are the configured ones without a request", async () => {
    const server = await loopback(page(0));
    expect(await list(open(server.origin, { instances: ["a", "b"] }))).toEqual([
      { id: "a", name: null, createdAtMs: null },
      { id: "b", name: null, createdAtMs: null },
    ]);
    expect(server.requests).toHaveLength(0);
  });

  it("are read page by page until there are as many as the API says", async () => {
    const server = await loopback(page(60, ...many(0, 50)), page(60, ...many(50, 60)));
    const found = await list(open(server.origin, all));
    expect(found.map(({ id }) => id)).toEqual(many(0, 60));
    expect(found[0]?.name).toBe("name of i0");
    expect(server.requests.map(({ url }) => queryOf(url))).toEqual([
      { offset: "0", limit: "50", engine: "rabbitmq" },
      { offset: "50", limit: "50", engine: "rabbitmq" },
    ]);
  });

  it("end at an offset that is refused, at once where there are none", async () => {
    const refused = json({ error_code: "DMS.40050010" }, 400);
    const server = await loopback(page("many", "a"), refused);
    expect(await list(open(server.origin, all))).toHaveLength(1);
    expect(await list(open((await loopback(refused)).origin, all))).toEqual([]);
  });

  it("without an id are passed over, and one without a name has none", async () => {
    const server = await loopback(
      json({ instance_num: 3, instances: [null, { name: "x" }, { instance_id: "a", name: null }] }),
    );
    expect(await list(open(server.origin, all))).toEqual([{ id: "a", name: null, createdAtMs: null }]);
  });

  it.each([
    ["as many as the API counts", [page(2, "a", "b")], true],
    ["as many as it sent, where it counts none", [page("", "a", "b"), page("")], true],
    ["fewer than it counts", [page(3, "a", "b"), page(3)], false],
    ["one that cannot be read", [json({ instance_num: 1, instances: [{ name: "x" }] })], false],
  ] satisfies [string, LoopbackHandler[], boolean][])(
    "that are %s are all of them: %#",
    async (_name, pages, isWhole) => {
      const server = await loopback(...pages);
      expect(await instancesOf(open(server.origin, all))).toMatchObject({ isWhole });
    },
  );

  it.each([0, "0"])("are none where the list is null and the count %j", async (instance_num) => {
    const server = await loopback(json({ instance_num, instances: null }));
    expect(await instancesOf(open(server.origin, all))).toEqual({ instances: [], isWhole: true });
  });

  it("that are null, though the API counts some, are malformed", async () => {
    const server = await loopback(json({ instance_num: 2, instances: null }));
    expect(await failure(list(open(server.origin, all)))).toMatchObject({ reason: "malformed" });
  });

  it("that are no list are malformed", async () => {
    const server = await loopback(json({ instance_num: 0 }));
    expect(await failure(list(open(server.origin, all)))).toMatchObject({ reason: "malformed" });
  });

  it("that cannot be listed for another reason are an error", async () => {
    const server = await loopback(json({ error_code: "DMS.00400002" }, 400));
    expect(await failure(list(open(server.origin, all)))).toMatchObject({ reason: "rejected" });
  });
});

describe("opening", () => {
  it("warns of a region it does not know, and tries it", async () => {
    const server = await loopback(tasks(record("a")));
    const { source, logged } = open(server.origin, { region: "mars-1" });
    expect(logged).toEqual([{ level: "warn", message: expect.any(String), fields: { region: "mars-1" } }]);
    expect((await readAll(source)).ids).toEqual(["a"]);
  });

  it("needs credentials", () => {
    expect(() => open("http://127.0.0.1:1", { credentials: undefined })).toThrow(ConfigError);
  });

  it.each([
    [{}, "https://dms.cn-north-4.myhuaweicloud.com"],
    [{ engine: "dcs" }, "https://dcs.cn-north-4.myhuaweicloud.com"],
    [{ region: "eu-west-101" }, "https://dms.eu-west-101.myhuaweicloud.eu"],
  ] satisfies [Partial<SourceConfig>, string][])(
    "with %j asks %s, over the dispatcher it is given",
    async (over, origin) => {
      const agent = new MockAgent();
      agent.disableNetConnect();
      agent
        .get(origin)
        .intercept({ path: (path) => path.startsWith("/v2/project/instances/instance/tasks?") })
        .reply(200, { task_count: 0, tasks: [] });
      const { endpoint: _, ...config } = sourceConfig("", over);
      const { clock } = sleepingClock();
      const source = openDmsSource(config, { clock, random: () => 0, log: silentLog, dispatcher: agent });
      expect((await readAll(source)).ids).toEqual([]);
      agent.assertNoPendingInterceptors();
      await source.close();
      await expect(agent.request({ origin, path: "/", method: "GET" })).rejects.not.toMatchObject({
        code: "UND_ERR_CLOSED",
      });
      await agent.close();
    },
  );

  it("asks the region's IAM for tokens, unless told another", () => {
    const config = sourceConfig("http://127.0.0.1:1");
    expect(iamEndpoint(config).origin).toBe("https://iam.cn-north-4.myhuaweicloud.com");
    expect(iamEndpoint({ ...config, iamEndpoint: "https://iam.example" }).origin).toBe("https://iam.example");
  });
});
