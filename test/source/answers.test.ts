import type { ServerResponse } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { taskId } from "../../lib/core/names.ts";
import {
  failure,
  json,
  key,
  loopback,
  open,
  readAll,
  record,
  running,
  stream,
  tasks,
  text,
} from "./loopback.ts";

const requestId = { "x-request-id": "req-42" };
const busy = json({ error_code: "DMS.111501025", error_msg: "busy" }, 503, requestId);

describe("answers that can be read", () => {
  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["deflate", deflateSync],
  ])("are read in %s too, though compression was declined", async (encoding, compress) => {
    const body = compress(JSON.stringify({ task_count: "1", tasks: [record("a")] }));
    const server = await loopback((response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding }).end(body);
    });
    const { pages } = await readAll(open(server.origin).source);
    expect(pages.flatMap((page) => page.tasks.map(({ id }) => id))).toEqual(["a"]);
    expect(server.requests[0]?.headers["accept-encoding"]).toBe("identity");
  });

  it("that a gateway compressed to a bomb are refused", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const server = await loopback((response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
    });
    await expect(readAll(open(server.origin).source)).rejects.toThrow(/a body that cannot be decoded/);
  });

  it("keep the numbers of params that are no text as they were written", async () => {
    const { params: _, ...rest } = record("a");
    const written = '{"offset":9223372036854775807,"ratio":0.10}';
    const body = `{"tasks":[{"params":${written},${JSON.stringify(rest).slice(1)}]}`;
    const { pages } = await readAll(open((await loopback(text(body))).origin).source);
    expect(pages.flatMap((page) => page.tasks.map(({ params }) => params))).toEqual([written]);
  });

  it("that are too long are refused with the setting that makes them smaller", async () => {
    const server = await loopback(tasks(record("a", { params: "x".repeat(16 * 1024 * 1024) })));
    await expect(readAll(open(server.origin).source)).rejects.toThrow(
      /a body of more than \d+ bytes: make pageSize smaller/,
    );
  });

  it.each([
    ["as a string", "1", 1],
    ["as a number", 1, 1],
    ["as garbage", "many", 2],
    ["as null", null, 2],
    ["not at all", undefined, 2],
  ])("hold a task whatever the count: %s", async (_name, task_count, requests) => {
    const server = await loopback((response, { url }) => {
      const found = url?.includes("start=1&") ? [record("a")] : [];
      response.end(JSON.stringify({ task_count, tasks: found }));
    });
    const { ids, pages } = await readAll(open(server.origin).source);
    expect([ids, pages.at(-1)?.doubt]).toEqual([["a"], null]);
    expect(server.requests).toHaveLength(requests);
  });

  it.each([
    ["an empty list as null", '{"task_count":"0","tasks":null}', []],
    ["a byte order mark", `\ufeff${JSON.stringify({ task_count: "1", tasks: [record("a")] })}`, ["a"]],
  ])("may have %s", async (_name, body, expected) => {
    const server = await loopback(text(body));
    expect((await readAll(open(server.origin).source)).ids).toEqual(expected);
  });

  it("give a task once though it stands there twice, in its newest version", async () => {
    const server = await loopback(
      tasks(
        record("a", { updated_at: "2024-08-07T12:00:09.000Z", status: "SUCCESS" }),
        record("a"),
        record("b"),
      ),
    );
    const { pages } = await readAll(open(server.origin).source);
    expect(pages.flatMap((page) => page.tasks.map(({ id, status }) => `${id} ${status}`))).toEqual([
      "a SUCCESS",
      "b EXECUTING",
    ]);
  });

  it("tell of a broken record once in the log, and of an unknown status once", async () => {
    const server = await loopback(
      tasks(
        record("a", { status: "PAUSED" }),
        record("b", { status: "PAUSED" }),
        record("c", { status: null }),
      ),
    );
    const { source, logged } = open(server.origin);
    for (let time = 0; time < 2; time++) {
      const { ids, skipped } = await readAll(source);
      expect(ids).toEqual(["a", "b"]);
      expect(skipped).toMatchObject([{ id: "c", problem: "status is missing" }]);
    }
    expect(logged.map(({ level, fields }) => ({ level, fields }))).toEqual([
      { level: "warn", fields: { instance: "instance", task: "c", problem: "status is missing" } },
      { level: "warn", fields: { instance: "instance", task: "a", status: "PAUSED" } },
    ]);
  });

  it("tell how far the API's clock is off, and refusals do too", async () => {
    const date = (text: string) => ({ date: `Wed, 07 Aug 2024 ${text} GMT` });
    const server = await loopback(
      json({ task_count: "0", tasks: [] }, 200, date("12:05:00")),
      json({ error_code: "APIG.0301" }, 401, date("12:07:00")),
    );
    const { source } = open(server.origin);
    expect(source.clockSkewMs).toBeNull();
    const { pages } = await readAll(source);
    expect(pages.map(({ clockSkewMs }) => clockSkewMs)).toEqual([300_000]);
    expect(source.clockSkewMs).toBe(300_000);
    await expect(readAll(source)).rejects.toThrow("HTTP 401");
    expect(source.clockSkewMs).toBe(420_000);
  });
});

describe("answers that cannot be read", () => {
  it.each([
    ["HTML", text("<html>hello</html>", 200, requestId)],
    ["millions of values", text(`{"tasks":[${"{},".repeat(200_000)}{}]}`, 200, requestId)],
    ["a deep pit", text("[".repeat(1_000_000), 200, requestId)],
    ["more tasks than asked for", json({ tasks: Array.from({ length: 1_001 }, () => ({})) }, 200, requestId)],
    ["a cut JSON text", text('{"tasks":[{"id":"a"', 200, requestId)],
    ["an empty body", text("", 200, requestId)],
    ["no list of tasks", json({ task_count: "1" }, 200, requestId)],
    ["a list for the whole body", json([], 200, requestId)],
  ])("are malformed, with status and request id: %s", async (_name, handler) => {
    const server = await loopback(handler);
    const error = await failure(readAll(open(server.origin).source));
    expect(error).toMatchObject({ reason: "malformed", api: { status: 200 } });
    expect(error.message).toContain("ListBackgroundTasks");
    expect(error.message).toContain("req-42");
    expect(server.requests).toHaveLength(1);
  });

  it("are malformed when larger than its page can be, and are not read to their end", async () => {
    let sentBytes = 0;
    const server = await loopback((response) => {
      const chunk = Buffer.alloc(1024 * 1024, " ");
      const send = (): void => {
        while (!response.destroyed && sentBytes < 512 * 1024 * 1024) {
          sentBytes += chunk.length;
          if (!response.write(chunk)) {
            response.once("drain", send);
            return;
          }
        }
      };
      response.writeHead(200);
      send();
    });
    const error = await failure(readAll(open(server.origin).source));
    expect(error.reason).toBe("malformed");
    expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
  });

  it("are retried when the connection breaks in the body", async () => {
    const server = await loopback(
      (response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"tasks":[', () => response.destroy());
      },
      tasks(record("a")),
    );
    expect((await readAll(open(server.origin).source)).ids).toEqual(["a"]);
    expect(server.requests).toHaveLength(2);
  });
});

describe("silence", () => {
  // A busy machine takes its time to answer.
  const soon = { requestTimeout: 300 };
  const drip = (response: ServerResponse) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(" "), 10);
    response.on("close", () => clearInterval(timer));
  };

  it.each([
    ["before the headers", () => {}],
    ["within the body", (response: ServerResponse) => void response.writeHead(200).write("{")],
    ["that drips", drip],
  ])("%s ends at the request's time-out and is retried", async (_name, hang) => {
    const server = await loopback(hang, tasks(record("a")));
    const { source, sleeps } = open(server.origin, soon);
    expect((await readAll(source)).ids).toEqual(["a"]);
    expect(sleeps).toEqual([100]);
  });

  it("for good is unavailable", async () => {
    const server = await loopback(() => {});
    const error = await failure(readAll(open(server.origin, soon).source));
    expect(error).toMatchObject({ reason: "unavailable", api: null });
    expect(error.message).toContain("300 ms");
    expect(server.requests).toHaveLength(4);
  });
});

describe("trouble that passes", () => {
  it("is a 429, whose Retry-After is waited out", async () => {
    const throttled = json({ error_code: "APIGW.0308", error_msg: "slow" }, 429, { "retry-after": "2" });
    const server = await loopback(throttled, tasks(record("a")));
    const { source, sleeps } = open(server.origin);
    expect((await readAll(source)).ids).toEqual(["a"]);
    expect(sleeps).toEqual([2_100]);
  });

  it("is a Retry-After that is too long to be waited out: it fails at once and says when to come again", async () => {
    const server = await loopback(json({}, 429, { "retry-after": "3600" }));
    const { source, sleeps } = open(server.origin);
    expect(await failure(readAll(source))).toMatchObject({ reason: "throttled", retryAfterMs: 3_600_000 });
    expect(sleeps).toEqual([]);
  });

  it("is throttling that calls itself 404", async () => {
    const server = await loopback(json({ error_code: "DMS.10240407" }, 404), tasks(record("a")));
    expect((await readAll(open(server.origin).source)).ids).toEqual(["a"]);
  });

  it("is a 503 three times, with growing waits", async () => {
    const server = await loopback(busy, busy, busy, tasks(record("a")));
    const { source, sleeps } = open(server.origin);
    expect((await readAll(source)).ids).toEqual(["a"]);
    expect(sleeps).toEqual([100, 200, 400]);
  });

  it("is given up after four attempts, with code, message and request id", async () => {
    const server = await loopback(busy);
    const error = await failure(readAll(open(server.origin).source));
    expect(server.requests).toHaveLength(4);
    expect(error).toMatchObject({ reason: "unavailable", api: { status: 503, code: "DMS.111501025" } });
    expect(error.message).toBe("ListBackgroundTasks: HTTP 503 DMS.111501025 busy (request id req-42)");
  });

  it("is a reset connection, and one that cannot be opened", async () => {
    const server = await loopback((response) => response.destroy(), tasks(record("a")));
    expect((await readAll(open(server.origin).source)).ids).toEqual(["a"]);
    const error = await failure(readAll(open("http://127.0.0.1:1").source));
    expect(error).toMatchObject({ reason: "unavailable", api: null });
    expect(error.message).toContain("ECONNREFUSED");
  });

  it("spends a budget that all calls share, so that an API that is down is not hammered", async () => {
    const server = await loopback(busy);
    const { source } = open(server.origin);
    for (let call = 0; call < 10; call++) await failure(readAll(source));
    expect(server.requests).toHaveLength(10 + 10);
  });
});

describe("refusals", () => {
  it.each([
    [400, "DMS.00400062", "rejected"],
    [401, "APIG.0301", "unauthorized"],
    [403, "DMS.00403002", "forbidden"],
    [404, "DMS.00404022", "not_found"],
    [404, "APIGW.0101", "rejected"],
    [409, "DMS.1", "rejected"],
  ])("HTTP %i %s is %s and not repeated", async (status, error_code, reason) => {
    const server = await loopback(json({ error_code }, status));
    expect(await failure(readAll(open(server.origin).source))).toMatchObject({ reason, api: { status } });
    expect(server.requests).toHaveLength(1);
  });

  it("of a signature hold back the other streams' requests, which would lock the key", async () => {
    const server = await loopback(json({ error_code: "APIG.0301" }, 401), tasks(record("a")));
    const { source, pass } = open(server.origin);
    await failure(readAll(source));
    expect(await failure(readAll(source))).toMatchObject({ reason: "unauthorized" });
    expect(server.requests).toHaveLength(1);
    pass(30_000);
    expect((await readAll(source)).ids).toEqual(["a"]);
  });

  it("that redirect are not followed", async () => {
    const server = await loopback(text("", 302, { location: "/elsewhere" }));
    const error = await failure(readAll(open(server.origin).source));
    expect(error.reason).toBe("rejected");
    expect(error.message).toContain("redirect");
    expect(server.requests).toHaveLength(1);
  });

  it("show no secret that the gateway echoes", async () => {
    const securityToken = "token-of-temporary-credentials";
    const server = await loopback((response, request) => {
      const echoed = `canonical request: x-security-token:${request.headers["x-security-token"]}\n${request.headers.authorization}`;
      json({ error_code: "APIG.0301", error_msg: echoed }, 401)(response, request);
    });
    const { source, logged } = open(server.origin, { credentials: { ...key, securityToken } });
    const error = await failure(readAll(source));
    const shown = JSON.stringify([error.message, String(error.cause), logged]);
    expect(shown).toContain("canonical request");
    expect(shown).not.toContain(securityToken);
    expect(shown).not.toContain(key.sk);
    expect(shown).not.toContain("Signature=");
  });
});

describe("the caller's signal", () => {
  it("ends a request that hangs", async () => {
    const server = await loopback(() => controller.abort());
    const controller = new AbortController();
    const error = await failure(readAll(open(server.origin).source, 0, controller.signal));
    expect(error.reason).toBe("unavailable");
    expect(error.message).toContain("time budget");
    expect(server.requests).toHaveLength(1);
  });

  it("lets no request leave once it is aborted", async () => {
    const server = await loopback(tasks());
    const error = await failure(readAll(open(server.origin).source, 0, AbortSignal.abort()));
    expect(error.message).toContain("time budget");
    expect(server.requests).toHaveLength(0);
  });

  it("ends a wait before a retry", async () => {
    const controller = new AbortController();
    const server = await loopback((response, request) => {
      busy(response, request);
      response.on("close", () => controller.abort());
    });
    const error = await failure(readAll(open(server.origin).source, 0, controller.signal));
    expect(error.reason).toBe("unavailable");
    expect(server.requests).toHaveLength(1);
  });
});

it("uses one connection for one request after another", async () => {
  const server = await loopback(tasks(record("a")));
  const { source } = open(server.origin);
  for (let time = 0; time < 5; time++) await readAll(source);
  await source.get(stream, taskId("a"), { signal: running() });
  expect(server.requests).toHaveLength(6);
  expect(server.connections()).toBe(1);
});
