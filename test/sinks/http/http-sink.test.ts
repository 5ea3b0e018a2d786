import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { sinkName } from "../../../lib/core/names.ts";
import { type EventRequest, httpSink } from "../../../lib/sinks/http/http-sink.ts";
import { serve } from "../../harness/http.ts";
import { untilEnd } from "../../harness/servers.ts";
import { running, sampleDeps, sampleEvent } from "../sample.ts";

/** What arrives when an event is delivered by a sink with such a request. */
async function sent(request: EventRequest | Promise<EventRequest>, headers: Record<string, string> = {}) {
  const { origin, seen } = await serve({});
  const url = `${origin}/tickets?key=1`;
  const { schema, create } = httpSink({ url, request: () => request });
  const options = v.parse(schema, { headers, allowPrivateNetwork: true });
  const sink = await untilEnd(create(sinkName("tickets"), options, sampleDeps));
  expect(await sink.deliver([sampleEvent()], running())).toEqual([{ kind: "accepted" }]);
  return seen;
}

describe("a custom sink over HTTP", () => {
  it("POSTs an object as JSON to its URL", async () => {
    expect(await sent({ body: { a: 1 } })).toMatchObject([
      {
        method: "POST",
        path: "/tickets?key=1",
        headers: { "content-type": "application/json", "user-agent": "dms-task-bridge" },
        body: '{"a":1}',
      },
    ]);
  });

  it("sends a text as it is, by the request's method, and its headers in place of configured ones", async () => {
    const request: EventRequest = {
      method: "PUT",
      headers: { "X-Team": "one", "Content-Type": "text/plain" },
      body: "a=1",
    };
    const [only] = await sent(Promise.resolve(request), { "x-team": "all", "x-other": "2" });
    expect(only).toMatchObject({
      method: "PUT",
      headers: { "x-team": "one", "x-other": "2", "content-type": "text/plain" },
      body: "a=1",
    });
  });

  it.each([
    ["a URL in plain http into public networks", { url: "http://example.com/" }],
    ["no URL at all", {}],
  ])("refuses %s", (_, definition) => {
    const { schema } = httpSink({ ...definition, request: () => ({ body: "" }) });
    const { issues = [] } = v.safeParse(schema, {});
    expect(issues.map((issue) => v.getDotPath(issue))).toEqual(["url"]);
  });

  it("takes the configuration's URL before its own", () => {
    const { schema } = httpSink({ url: "https://a.example/", request: () => ({ body: "" }) });
    expect(v.parse(schema, { url: "https://b.example/" }).url).toBe("https://b.example/");
    expect(v.parse(schema, {}).url).toBe("https://a.example/");
  });
});
