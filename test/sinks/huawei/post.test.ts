import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { parseAuthorization, signatureOf } from "../../../lib/huawei/sign.ts";
import { sinkAt, trial } from "../../contract/service.ts";
import type { Answering } from "../../harness/http.ts";
import { running, sampleDeps, sampleEvent } from "../sample.ts";
import { huaweiServices, key } from "./services.ts";

describe.each(Object.entries(huaweiServices))("the sink %s on Huawei Cloud", (_, service) => {
  const deliver = async (answering?: Answering, more = {}) => {
    const { sink, seen } = await trial(service, answering, more);
    const [result] = await sink.deliver([sampleEvent()], running());
    await sink.close();
    return { result, seen };
  };

  it("POSTs to the target, signed as Huawei Cloud checks it", async () => {
    const { result, seen } = await deliver();
    expect(result).toEqual({ kind: "accepted" });
    const [request] = seen;
    if (!request) throw new Error("nothing was sent");
    expect([request.method, decodeURIComponent(request.path)]).toEqual(["POST", service.path]);
    const { authorization = "", ...headers } = request.headers as Record<string, string>;
    const signed = parseAuthorization(authorization);
    expect(signed?.ak).toBe(key.ak);
    expect(headers["x-security-token"]).toBe(key.securityToken);
    expect(headers["x-project-id"]).toBe("0123456789abcdef");
    expect(signed?.signedNames).toContain("x-project-id");
    const signable = { method: "POST", path: service.path, query: [], headers, body: request.body };
    expect(signatureOf(signable, key.sk, headers["x-sdk-date"] ?? "", signed?.signedNames ?? [])).toBe(
      signed?.signature,
    );
  });

  it("sends the same bytes for a repeat, so that a consumer can drop it by its id", async () => {
    const { sink, seen } = await trial(service);
    await sink.deliver([sampleEvent()], running());
    await sink.deliver([sampleEvent()], running());
    await sink.close();
    expect(seen[1]?.body).toBe(seen[0]?.body);
    expect(seen.flatMap(service.events).map(({ id }) => id)).toEqual([sampleEvent().id, sampleEvent().id]);
  });

  it.each<[Answering, object]>([
    [{ body: {} }, { kind: "blocked", reason: "not_found", retryAfterMs: 600_000 }],
    [{ body: "" }, { kind: "blocked", reason: "not_found", retryAfterMs: 600_000 }],
    [
      { status: 429, headers: { "retry-after": "7" } },
      { kind: "retry", reason: "throttled", retryAfterMs: 7_000 },
    ],
    [{ status: 500 }, { kind: "retry", reason: "server_error" }],
    ["drop", { kind: "retry", reason: "network" }],
    [{ status: 401 }, { kind: "blocked", reason: "unauthorized" }],
    [{ status: 403 }, { kind: "blocked", reason: "unauthorized" }],
    [
      { status: 404, body: { error_code: "X.0404" } },
      { kind: "blocked", reason: "not_found" },
    ],
    [{ status: 413 }, { kind: "permanent", reason: "too_large" }],
    [{ status: 400 }, { kind: "blocked", reason: "rejected" }],
    [
      { status: 400, body: { code: "SMN.0005", message: "Parameter: TopicUrn is invalid." } },
      { kind: "blocked", reason: "rejected" },
    ],
    [
      { status: 400, body: { code: "X.0009", message: "The message is too long." } },
      { kind: "permanent", reason: "too_large" },
    ],
  ])("takes %o for %o after one attempt", async (answering, expected) => {
    const { result, seen } = await deliver(answering);
    expect(result).toMatchObject(expected);
    expect(seen).toHaveLength(1);
  });

  it("ends with its time-out", async () => {
    const { result } = await deliver("hang", { timeout: "30ms" });
    expect(result).toMatchObject({ kind: "retry", reason: "timeout" });
  });

  it("signs with the environment's access key where the configuration has none", async () => {
    const environment = { HUAWEICLOUD_SDK_AK: "FROMENV", HUAWEICLOUD_SDK_SK: "planted-secret-key" };
    const { sink, seen } = await trial(
      service,
      undefined,
      { credentials: undefined },
      { ...sampleDeps, environment },
    );
    await sink.deliver([sampleEvent()], running());
    await sink.close();
    expect(seen[0]?.headers.authorization).toContain("Access=FROMENV,");
  });

  it("is blocked where there is no access key, before anything is sent", async () => {
    const sink = sinkAt(service, "http://127.0.0.1:1", { credentials: undefined });
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([
      { kind: "blocked", reason: "unauthorized", detail: expect.stringContaining("HUAWEICLOUD_SDK_AK") },
    ]);
    await sink.close();
  });

  it("asks the region's own endpoint where none is named", async () => {
    const sink = sinkAt(service, "", { endpoint: undefined });
    const [result] = await sink.deliver([sampleEvent()], { signal: AbortSignal.abort() });
    await sink.close();
    expect(result).toMatchObject({ kind: "retry", detail: expect.stringContaining(service.host) });
  });
});

describe("the options of the sinks on Huawei Cloud", () => {
  const urn = "urn:fss:cn-north-4:p1:function:default:after-task";
  it.each<[keyof typeof huaweiServices, string, string]>([
    ["smn", "topicUrn", "dms-tasks"],
    ["smn", "topicUrn", "urn:smn:cn-north-4:p1"],
    ["smn", "topicUrn", "urn:smn:cn-north-4:p1:a/b"],
    ["smn", "topicUrn", "arn:smn:cn-north-4:p1:x"],
    ["functiongraph", "functionUrn", "after-task"],
    ["functiongraph", "functionUrn", `${urn}:a/b`],
    ["functiongraph", "functionUrn", `${urn}:v1:v2`],
    ["eventgrid", "channelId", "a/b"],
    ["eventgrid", "projectId", ".."],
    ["eventgrid", "region", "cn.north"],
    ["eventgrid", "source", ""],
  ])("of %s take no %s %j", (name, field, text) => {
    const { module, options } = huaweiServices[name];
    expect(v.is(module.schema, options)).toBe(true);
    expect(v.is(module.schema, { ...options, [field]: text })).toBe(false);
  });

  it.each([urn, `${urn}:latest`, `${urn}:v1.2`, `${urn}:!live`])(
    "of functiongraph take %s",
    (functionUrn) => {
      expect(v.is(huaweiServices.functiongraph.module.schema, { functionUrn })).toBe(true);
    },
  );
});
