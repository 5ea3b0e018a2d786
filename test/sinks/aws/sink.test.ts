import { describe, expect, it } from "vitest";
import { signV4 } from "../../../lib/aws/sigv4.ts";
import { accessKey } from "../../aws/sample.ts";
import { sinkAt, trial } from "../../contract/service.ts";
import type { Answering, ServerReply } from "../../harness/http.ts";
import { nowMs, running, sampleDeps, sampleEvent, sampleEvents } from "../sample.ts";
import { type AwsService, awsServices, sqsFifoService } from "./services.ts";

const services: readonly (readonly [string, AwsService])[] = [
  ...Object.entries(awsServices),
  ["sqs with FIFO", sqsFifoService],
];
const batching = services.filter(([name]) => name !== "stepfunctions" && name !== "lambda");
/** Those whose answers name entries by id, and say whose fault a failure is. */
const identified = batching.filter(([name]) => name.startsWith("sqs") || name === "sns");

const accepted = { kind: "accepted" };

async function one(service: AwsService, answering: Answering, more: Readonly<Record<string, unknown>> = {}) {
  const { sink, seen } = await trial(service, answering, more);
  const [result] = await sink.deliver([sampleEvent()], running());
  await sink.close();
  return { result, seen };
}

describe.each(services)("a delivery to %s", (_, service) => {
  it("is a signed request to the service, with the whole event in it", async () => {
    const { result, seen } = await one(service, service.answer);
    expect(result).toEqual(accepted);
    const [request] = seen;
    if (!request) throw new Error("nothing was sent");
    expect(service.events(request)).toEqual([sampleEvent()]);
    expect(request.path).toBe(service.path);
    expect(request.headers["x-amz-target"] ?? null).toBe(service.target);
    const [region = "", name = ""] = service.scope.split("/");
    const { authorization = "", ...headers } = request.headers as Record<string, string>;
    const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(";") ?? [];
    expect(names).toEqual(expect.arrayContaining(["content-type", "host", "x-amz-date"]));
    const signable = Object.fromEntries(
      names.filter((each) => each !== "x-amz-date").map((each) => [each, headers[each] ?? ""]),
    );
    const key = {
      accessKeyId: accessKey.AWS_ACCESS_KEY_ID,
      secretAccessKey: accessKey.AWS_SECRET_ACCESS_KEY,
    };
    expect(
      signV4(
        { path: request.path, headers: signable, body: request.body },
        key,
        { region, service: name },
        nowMs,
      ),
    ).toMatchObject({ authorization });
  });

  it.each<[string, (it: AwsService) => ServerReply, object]>([
    ["throttling", (it) => it.failure(400, "ThrottlingException"), { kind: "retry", reason: "throttled" }],
    [
      "throttled keys",
      (it) => it.failure(400, "KMSThrottlingException"),
      { kind: "retry", reason: "throttled" },
    ],
    ["HTTP 429", (it) => it.failure(429, "TooManyRequestsException"), { kind: "retry", reason: "throttled" }],
    ["HTTP 503", () => ({ status: 503, body: "<html>" }), { kind: "retry", reason: "server_error" }],
    ["a broken connection", () => "drop", { kind: "retry", reason: "network" }],
    [
      "AccessDenied",
      (it) => it.failure(403, "AccessDeniedException"),
      { kind: "blocked", reason: "unauthorized" },
    ],
    [
      "a bad signature",
      (it) => it.failure(403, "SignatureDoesNotMatch"),
      { kind: "blocked", reason: "unauthorized" },
    ],
    [
      "an expired token",
      (it) => it.failure(400, "ExpiredTokenException"),
      { kind: "blocked", reason: "unauthorized" },
    ],
    [
      "keys out of reach",
      (it) => it.failure(400, "KMSDisabledException"),
      { kind: "blocked", reason: "unauthorized" },
    ],
    [
      "no target",
      (it) => it.failure(404, "ResourceNotFoundException"),
      { kind: "blocked", reason: "not_found" },
    ],
    [
      "a redirect",
      () => ({ status: 307, headers: { location: "http://127.0.0.1:1/" } }),
      { kind: "blocked", reason: "redirected" },
    ],
    [
      "an oversize event",
      (it) => it.failure(413, "RequestEntityTooLargeException"),
      { kind: "permanent", reason: "too_large" },
    ],
    [
      "an invalid event",
      (it) => it.failure(400, "ValidationException"),
      { kind: "permanent", reason: "rejected" },
    ],
    [
      "a code that nobody knows",
      (it) => it.failure(400, "TargetAsleepException"),
      { kind: "blocked", reason: "rejected" },
    ],
    ["a proxy's 400", () => ({ status: 400, body: "<html>" }), { kind: "blocked", reason: "rejected" }],
  ])("comes after one attempt to what %s means", async (_, reply, expected) => {
    const { result, seen } = await one(service, reply(service));
    expect(result).toMatchObject(expected);
    expect(seen).toHaveLength(1);
  });

  it("ends with its time-out", async () => {
    const { result } = await one(service, "hang", { timeout: "30ms" });
    expect(result).toMatchObject({ kind: "retry", reason: "timeout" });
  });

  it("is blocked without an access key, before anything is sent", async () => {
    const { seen, origin } = await trial(service);
    const deps = { ...sampleDeps, environment: { AWS_ACCESS_KEY_ID: "" } };
    const sink = sinkAt(service, origin, {}, deps);
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([
      { kind: "blocked", reason: "unauthorized", detail: expect.stringContaining("NO_CREDENTIALS") },
    ]);
    expect(seen).toEqual([]);
    await sink.close();
  });

  it("ends before its sink is closed", async () => {
    const { sink, seen } = await trial(service);
    const delivery = sink.deliver([sampleEvent()], running());
    await sink.close();
    expect(seen).toHaveLength(1);
    expect(await delivery).toEqual([accepted]);
  });
});

describe.each(batching)("a batch to %s", (_, service) => {
  it("is one request, however many events it has", async () => {
    const { sink, seen } = await trial(service);
    const events = sampleEvents(10);
    expect(await sink.deliver(events, running())).toEqual(events.map(() => accepted));
    expect(seen.map(service.events)).toEqual([events]);
    await sink.close();
  });

  it("is judged event by event", async () => {
    const { sink } = await trial(service, (request) =>
      service.answer(request, {
        1: { code: "ThrottlingException" },
        2: { code: "InternalFailure", isSendersFault: false },
        3: { code: "InvalidArgument" },
        4: { code: "AccessDeniedException" },
      }),
    );
    expect(await sink.deliver(sampleEvents(6), running())).toMatchObject([
      accepted,
      { kind: "retry", reason: "throttled" },
      { kind: "retry", reason: "server_error" },
      { kind: "permanent", reason: "rejected" },
      { kind: "blocked", reason: "unauthorized" },
      accepted,
    ]);
    await sink.close();
  });

  it("shows nothing of a code that is none", async () => {
    const { sink } = await trial(service, (request) =>
      service.answer(request, { 0: { code: "planted secret" } }),
    );
    const [result] = await sink.deliver([sampleEvent()], running());
    expect(JSON.stringify(result)).not.toContain("planted");
    expect(result).toMatchObject({ kind: "blocked", detail: expect.stringContaining("(UNKNOWN)") });
    await sink.close();
  });

  it.each([
    ["BatchRequestTooLong", "permanent", "too_large"],
    ["SurpriseException", "blocked", "rejected"],
  ])(
    "that is refused whole with %s leads to events that go alone, where it counts as %s",
    async (code, kind, reason) => {
      const bad = sampleEvent(2).id;
      const { sink } = await trial(service, (request) =>
        service.events(request).some(({ id }) => id === bad)
          ? service.failure(400, code)
          : service.answer(request),
      );
      const most = sink.batch.maxEvents;
      const retry = { kind: "retry", reason };
      expect(await sink.deliver(sampleEvents(3), running())).toMatchObject([retry, retry, retry]);
      expect(sink.batch.maxEvents).toBe(1);
      expect(await sink.deliver([sampleEvent(2)], running())).toMatchObject([{ kind, reason }]);
      for (let count = 1; count <= most; count += 1) await sink.deliver([sampleEvent(1)], running());
      expect(sink.batch.maxEvents).toBe(most);
      await sink.close();
    },
  );
});

describe.each(identified)("a batch to %s", (_, service) => {
  it("is not refused for good where the service calls the fault its own", async () => {
    const { sink } = await trial(service, (request) =>
      service.answer(request, {
        0: { code: "InvalidParameterValue", isSendersFault: false },
        1: { code: "InvalidParameterValue", isSendersFault: true },
      }),
    );
    expect(await sink.deliver(sampleEvents(2), running())).toMatchObject([
      { kind: "retry", reason: "server_error" },
      { kind: "permanent", reason: "rejected" },
    ]);
    await sink.close();
  });
});

describe.each(batching)("an answer of %s", (_, service) => {
  it.each([
    ["nothing", ""],
    ["no results", {}],
    ["results for fewer events", { Entries: [], Records: [], Successful: [], Failed: [] }],
    ["a page", "<html>"],
  ])("with %s is no acceptance", async (_, body) => {
    const { sink } = await trial(service, { body });
    const retry = { kind: "retry", reason: "server_error" };
    expect(await sink.deliver(sampleEvents(2), running())).toMatchObject([retry, retry]);
    await sink.close();
  });
});
