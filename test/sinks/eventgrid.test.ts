import { describe, expect, it } from "vitest";
import { trial } from "../contract/service.ts";
import type { Answering, Seen } from "../harness/http.ts";
import { eventgridService, key, reportOf } from "./huawei/services.ts";
import { running, sampleEvent, sampleEvents } from "./sample.ts";

async function publish(count: number, answering?: Answering, options = {}) {
  const { sink, seen } = await trial(eventgridService, answering, options);
  const results = await sink.deliver(sampleEvents(count), running());
  await sink.close();
  return { results, seen };
}

const refusing = (refused: Readonly<Record<number, string>>, status = 200) => ({
  answering: (request: Seen) => ({ status, body: reportOf(request, refused) }),
});

describe("a request to EventGrid", () => {
  it("holds the events with the attributes that EventGrid documents", async () => {
    const { seen } = await publish(2);
    const documented = sampleEvents(2).map(({ partitionkey: _, ...event }) => event);
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ events: documented });
  });

  it("names the channel's event source where one is set", async () => {
    const { seen } = await publish(1, undefined, { source: "dms-tasks" });
    expect(JSON.parse(seen[0]?.body ?? "").events[0].source).toBe("dms-tasks");
  });

  it("has room for twenty events, and for what surrounds them in 256 KB", async () => {
    const { sink } = await trial(eventgridService);
    expect(sink.batch.maxEvents).toBe(20);
    expect(sink.batch.maxBytes).toBeLessThan(256_000 - 20 * 256);
    await sink.close();
  });
});

describe("EventGrid's answer", () => {
  it("is read event by event, whatever their order", async () => {
    const { results } = await publish(3, refusing({ 0: "00533012", 2: "00530001" }).answering);
    expect(results).toMatchObject([
      { kind: "permanent", reason: "too_large" },
      { kind: "accepted" },
      {
        kind: "retry",
        reason: "server_error",
        detail: expect.stringContaining("00530001 An event was refused"),
      },
    ]);
    expect(JSON.stringify(results)).not.toContain(key.sk);
  });

  it.each<[string, unknown, string]>([
    ["leaves an event out", { failed_count: 1, events: [] }, "retry"],
    ["lists nothing", { failed_count: 1 }, "retry"],
    ["names another event", { failed_count: 1, events: [{ event_id: "other", error_code: null }] }, "retry"],
    ["is no report", { ok: true }, "blocked"],
  ])("that %s accepts no event", async (_, body, kind) => {
    const { results } = await publish(1, { body });
    expect(results).toMatchObject([{ kind, retryAfterMs: 600_000 }]);
  });

  it("that refuses one event alone says which of its codes it was", async () => {
    const { results } = await publish(1, refusing({ 0: "00533012" }, 400).answering);
    expect(results).toMatchObject([
      { kind: "permanent", reason: "too_large", detail: expect.stringContaining("00533012") },
    ]);
  });

  it("that refuses a whole request sends its events alone, and more together with each that passes", async () => {
    const isRefused = ({ body }: Seen) => body.includes("t-0002");
    const { sink } = await trial(eventgridService, (request) =>
      isRefused(request) ? { status: 400, body: { error_msg: "no" } } : eventgridService.answer(request),
    );
    const results = await sink.deliver(sampleEvents(3), running());
    expect(results.map(({ kind }) => kind)).toEqual(["retry", "retry", "retry"]);
    expect(sink.batch.maxEvents).toBe(1);
    expect(await sink.deliver([sampleEvent(1)], running())).toEqual([{ kind: "accepted" }]);
    expect(sink.batch.maxEvents).toBe(2);
    expect(await sink.deliver([sampleEvent(2)], running())).toMatchObject([
      { kind: "blocked", reason: "rejected" },
    ]);
    await sink.close();
  });

  it.each([401, 429, 503])("with HTTP %i leaves the size of a request as it is", async (status) => {
    const { sink } = await trial(eventgridService, { status });
    const [one, two] = await sink.deliver(sampleEvents(2), running());
    expect(one).toEqual(two);
    expect(one?.kind).not.toBe("permanent");
    expect(sink.batch.maxEvents).toBe(20);
    await sink.close();
  });
});
