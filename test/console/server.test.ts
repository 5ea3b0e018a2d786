import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { streamKey } from "../../lib/core/names.ts";
import { key as stream } from "../harness/api.ts";
import { type ConsoleHarness, consoleHarness } from "../harness/console.ts";

/** Asks with headers that `fetch` does not let a caller set. */
const ask = (
  { origin, token }: ConsoleHarness,
  headers: Readonly<Record<string, string>>,
  path = "/api/task?id=x",
  method = "GET",
): Promise<number> =>
  new Promise((resolve, reject) => {
    const all = { authorization: `Bearer ${token}`, ...headers };
    request(origin + path, { method, headers: all }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });

/** The first messages of the feed. */
async function messagesOf(
  harness: ConsoleHarness,
  wanted: number,
  lastEventId?: string,
): Promise<
  readonly { readonly id: string; readonly event: string; readonly data: Record<string, unknown> }[]
> {
  const stop = new AbortController();
  const response = await fetch(`${harness.origin}/api/feed`, {
    headers: {
      authorization: `Bearer ${harness.token}`,
      ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
    },
    signal: stop.signal,
  });
  const found = [];
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const frames = text.split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) {
      const [, id = "", event = "", data = ""] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(frame) ?? [];
      if (id !== "") found.push({ id, event, data: JSON.parse(data) as Record<string, unknown> });
    }
    if (found.length >= wanted) break;
  }
  stop.abort();
  return found;
}

describe("the console's server", () => {
  it("serves the page to everyone on this machine, under a policy without inline script or style", async () => {
    const harness = await consoleHarness();
    for (const path of ["/", "/page.js", "/page.css", "/icon.svg"]) {
      const response = await fetch(harness.origin + path);
      expect(response.status).toBe(200);
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect(await (await fetch(harness.origin)).text()).not.toMatch(/<script>|<style|style=|https?:\/\//);
  });

  it.each([
    ["/api/feed"],
    ["/api/task?id=x"],
    ["/api/event?id=x"],
    ["/api/dead-letters?sink=ops"],
    ["/api/anything"],
  ])("shows nothing at %s without the token", async (path) => {
    const harness = await consoleHarness();
    expect((await fetch(harness.origin + path)).status).toBe(401);
    for (const authorization of ["Bearer", `Bearer ${harness.token}x`, `Basic ${harness.token}`]) {
      expect((await harness.get(path, { authorization })).status).toBe(401);
    }
    expect(
      (await fetch(`${harness.origin}${path}${path.includes("?") ? "&" : "?"}token=${harness.token}`)).status,
    ).toBe(401);
  });

  it.each([
    [{ host: "attacker.example" }, 421],
    [{ host: "127.0.0.1.attacker.example" }, 421],
    [{ host: "127.0.0.1@attacker.example" }, 421],
    [{ host: "10.0.0.1" }, 421],
    [{ origin: "http://attacker.example" }, 403],
    [{ origin: "null" }, 403],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ host: "localhost:1" }, 404],
  ])("answers a request with %o with %d", async (headers, status) => {
    const harness = await consoleHarness();
    expect(await ask(harness, headers)).toBe(status);
  });

  it("refuses the page itself to a name that is not this machine's", async () => {
    const harness = await consoleHarness();
    expect(await ask(harness, { host: "attacker.example" }, "/")).toBe(421);
  });

  it("refuses what changes something, unless changes are allowed", async () => {
    const harness = await consoleHarness();
    for (const [name, body] of [
      ["redrive", { sink: "ops" }],
      ["purge", { sink: "ops" }],
      ["sample", { sink: "ops" }],
    ] as const) {
      const response = await harness.post(`/api/actions/${name}`, body);
      expect([response.status, await response.text()]).toEqual([
        403,
        expect.stringContaining("--allow-changes"),
      ]);
    }
    expect(harness.receiver.deliveries).toEqual([]);
  });

  it.each([
    ["/api/actions/sample", { sink: "nobody" }, 404, 'no sink is called "nobody"'],
    ["/api/actions/sample", {}, 400, "sink"],
    ["/api/actions/purge", { sink: "ops", where: "1=1" }, 400, "where"],
    ["/api/actions/toString", {}, 404, "no such action"],
    ["/api/simulator/start", {}, 404, "no such action"],
    ["/api/other", {}, 404, "no such call"],
  ])("answers %s with %o with %d and one clear line", async (path, body, status, text) => {
    const harness = await consoleHarness({ allowsChanges: true });
    const response = await harness.post(path, body);
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)]);
  });

  it("takes JSON alone as a body, up to 64 KiB", async () => {
    const harness = await consoleHarness({ allowsChanges: true });
    const sent = (body: string, type: string) =>
      fetch(`${harness.origin}/api/actions/redrive`, {
        method: "POST",
        headers: { authorization: `Bearer ${harness.token}`, "content-type": type },
        body,
      });
    expect((await sent("sink=ops", "application/x-www-form-urlencoded")).status).toBe(400);
    expect((await sent("{", "application/json")).status).toBe(400);
    expect((await sent(`{"id":"${"x".repeat(70_000)}"}`, "application/json")).status).toBe(400);
    expect((await sent("{}", "application/json")).status).toBe(200);
  });

  it("sends all it knows to a new page, then what changes", async () => {
    const harness = await consoleHarness();
    const id = harness.task();
    await harness.poll();
    const [first] = await messagesOf(harness, 1);
    expect(first).toMatchObject({
      event: "snapshot",
      data: {
        meta: { mode: "watch", store: "memory", allowsChanges: false },
        tasks: [{ id, name: "bindInstancePublicIp", status: "EXECUTING", endedAtMs: null }],
        events: [{ taskName: "bindInstancePublicIp", to: "EXECUTING" }],
        streams: [{ key: stream, name: "orders", calls: 1, errors: 0, error: null }],
      },
    });
    const changes = messagesOf(harness, 2);
    harness.simulator.world.setStatus(id, "FAILED");
    await harness.poll();
    expect((await changes).at(-1)).toMatchObject({
      event: "patch",
      data: { tasks: [{ id, status: "FAILED" }] },
    });
  });

  it("tells of an outage while its stream is configured, and not after it left", async () => {
    const left = streamKey({ engine: "kafka", region: "cn-north-4", projectId: "left", instanceId: "i1" });
    const outage = { sinceMs: 1, code: "malformed", message: "HTTP 200", httpStatus: 200, emittedMs: null };
    const record = { ...begin("all", 1_000, 0), outage };
    const records = new Map([stream, left].map((each) => [each, record]));
    const told = await messagesOf(await consoleHarness({ records }), 2);
    expect(told.flatMap(({ data }) => data["streams"] ?? [])).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: stream, error: expect.objectContaining({ code: "malformed" }) }),
        expect.objectContaining({ key: left, error: null }),
      ]),
    );
  });

  it("sends a page that comes back what it missed, and all of it when that is no longer kept", async () => {
    const harness = await consoleHarness();
    harness.task();
    await harness.poll();
    const [first] = await messagesOf(harness, 1);
    const other = harness.task();
    await harness.poll();
    const again = await messagesOf(harness, 2, first?.id);
    expect(again.map(({ event }) => event)).toEqual(["resumed", "patch"]);
    expect(JSON.stringify(again)).toContain(other);
    for (const unknown of ["other-process.1", `${first?.id}9999`, "nonsense"]) {
      const [whole] = await messagesOf(harness, 1, unknown);
      expect(whole?.event).toBe("snapshot");
    }
  });

  it("serves sixteen pages at once, and tells the next one so", async () => {
    const harness = await consoleHarness();
    const pages = Array.from({ length: 16 }, () => new AbortController());
    for (const { signal } of pages) {
      const headers = { authorization: `Bearer ${harness.token}` };
      expect((await fetch(`${harness.origin}/api/feed`, { headers, signal })).status).toBe(200);
    }
    expect((await harness.get("/api/feed")).status).toBe(503);
    for (const page of pages) page.abort();
  });

  it("tells a task's story: params without secrets, its events, and each sink's attempts", async () => {
    const harness = await consoleHarness();
    const id = harness.task({
      params: { topic: "orders", password: "hunter2" },
      user: { id: "u1", name: "lin.wei" },
    });
    harness.answer({ status: 503, body: "down for maintenance" });
    await harness.poll();
    const response = await harness.get(`/api/task?id=${encodeURIComponent(`${stream}/${id}`)}`);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      fullName: "bindInstancePublicIp",
      user: { id: "u1", name: "lin.wei" },
      params: expect.stringContaining('"password": "***"'),
      events: [
        {
          row: {
            to: "EXECUTING",
            deliveries: expect.arrayContaining([{ sink: "ops", state: "retrying", attempts: 1 }]),
          },
          attempts: expect.arrayContaining([
            expect.objectContaining({ sink: "ops", kind: "retry", detail: expect.stringContaining("503") }),
          ]),
        },
      ],
    });
    expect(text).not.toMatch(/hunter2|a-secret/);
  });

  it("shows no secret of the configuration", async () => {
    const harness = await consoleHarness();
    harness.task();
    await harness.poll();
    const all = JSON.stringify(await messagesOf(harness, 1));
    expect(all).not.toMatch(/a-secret|path-that-is/);
    expect(all).not.toContain(harness.token);
  });

  it("draws a chat message once, in a frame that runs no script", async () => {
    const harness = await consoleHarness();
    harness.task({ name: '<img src=x onerror="alert(1)">' });
    await harness.poll();
    const [first] = await messagesOf(harness, 1);
    const [event] = (first?.data["events"] ?? []) as readonly { readonly id: string }[];
    for (const sink of ["team", "discord"]) {
      const drawn = await harness.post("/api/message", { event: event?.id, sink, language: "en" });
      const { url } = (await drawn.json()) as { url: string };
      const frame = await fetch(harness.origin + url);
      const policy = frame.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("sandbox");
      expect(policy).not.toMatch(/script-src|unsafe-inline/);
      expect(await frame.text()).not.toContain("<img");
      expect((await fetch(harness.origin + url)).status).toBe(404);
    }
    const unknown = await harness.post("/api/message", {
      event: event?.id,
      sink: "toString",
      language: "en",
    });
    expect(unknown.status).toBe(404);
    expect(harness.receiver.deliveries.length).toBeLessThanOrEqual(2);
  });

  it("redrives, purges and sends a sample once changes are allowed", async () => {
    const harness = await consoleHarness({ allowsChanges: true });
    const letters = async () =>
      (await (await harness.get("/api/dead-letters?sink=ops")).json()) as { id: string; detail: string }[];
    harness.answer({ status: 422, body: "unknown field" });
    harness.task();
    harness.task();
    await harness.poll();
    const [first, second] = await letters();
    expect(first?.detail).toContain("422");
    harness.answer({ status: 204 });
    const redriven = await harness.post("/api/actions/redrive", { sink: "ops", id: first?.id });
    expect(await redriven.json()).toEqual({ redriven: 1, left: 0 });
    expect((await letters()).map(({ id }) => id)).toEqual([second?.id]);
    expect(await (await harness.post("/api/actions/purge", { sink: "ops" })).json()).toEqual({ purged: 1 });
    expect(await letters()).toEqual([]);
    const sample = await harness.post("/api/actions/sample", { sink: "ops" });
    expect(await sample.json()).toMatchObject({ result: { kind: "accepted" } });
    expect(harness.receiver.events().at(-1)?.subject).toBe("sample-task");
  });
});
