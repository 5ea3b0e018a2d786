import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../lib/change/event.ts";
import { parseAuthorization, signatureOf } from "../../lib/huawei/sign.ts";
import { schema } from "../../lib/sinks/smn.ts";
import type { Answering } from "../aws/loopback.ts";
import { running, sampleDeps, sampleEvent } from "./sample.ts";
import { key, published, smnAt, smnTrial, topicUrn } from "./smn-service.ts";

async function publish(event: CloudEvent, answering: Answering = published, options = {}) {
  const { sink, seen } = await smnTrial(answering, options);
  const [result] = await sink.deliver([event], running());
  await sink.close();
  return { result, seen };
}

describe("a message to SMN", () => {
  it("is the event, under a subject that tells what happened", async () => {
    const { result, seen } = await publish(sampleEvent());
    expect(result).toEqual({ kind: "accepted" });
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({
      subject: "bindInstancePublicIp SUCCESS: i-0001",
      message: JSON.stringify(sampleEvent()),
    });
  });

  it("goes to the topic, signed as Huawei Cloud checks it", async () => {
    const { seen } = await publish(sampleEvent());
    const [request] = seen;
    if (!request) throw new Error("nothing was sent");
    const path = `/v2/0123456789abcdef/notifications/topics/${topicUrn}/publish`;
    expect(decodeURIComponent(request.path)).toBe(path);
    const { authorization = "", ...headers } = request.headers as Record<string, string>;
    const signed = parseAuthorization(authorization);
    expect(signed?.ak).toBe(key.ak);
    expect(headers["x-security-token"]).toBe(key.securityToken);
    const signable = { method: "POST", path, query: [], headers, body: request.body };
    expect(signatureOf(signable, key.sk, headers["x-sdk-date"] ?? "", signed?.signedNames ?? [])).toBe(
      signed?.signature,
    );
  });

  it("has a subject of one line and at most 512 bytes", async () => {
    const { seen } = await publish(sampleEvent(1, { name: `绑定\r\n😀${"😀".repeat(300)}` }));
    const { subject } = JSON.parse(seen[0]?.body ?? "");
    expect(subject).toMatch(/^绑定 😀[^\p{Cc}]*$/u);
    expect(Buffer.byteLength(subject)).toBeLessThanOrEqual(512);
  });

  it.each<[Answering, object]>([
    [{ body: {} }, { kind: "retry", reason: "server_error" }],
    [{ body: "" }, { kind: "retry", reason: "server_error" }],
    [
      { status: 429, headers: { "retry-after": "7" } },
      { kind: "retry", reason: "throttled", retryAfterMs: 7_000 },
    ],
    [{ status: 500 }, { kind: "retry", reason: "server_error" }],
    ["drop", { kind: "retry", reason: "network" }],
    [{ status: 401 }, { kind: "blocked", reason: "unauthorized" }],
    [
      { status: 404, body: { code: "SMN.0006" } },
      { kind: "blocked", reason: "not_found" },
    ],
    [{ status: 413 }, { kind: "permanent", reason: "too_large" }],
    [{ status: 400 }, { kind: "permanent", reason: "rejected" }],
  ])("that is answered with %o comes to %o after one attempt", async (answering, expected) => {
    const { result, seen } = await publish(sampleEvent(), answering);
    expect(result).toMatchObject(expected);
    expect(seen).toHaveLength(1);
  });

  it("ends with its time-out", async () => {
    const { result } = await publish(sampleEvent(), "hang", { timeout: "30ms" });
    expect(result).toMatchObject({ kind: "retry", reason: "timeout" });
  });
});

describe("SMN's access key", () => {
  it("is the environment's where the configuration has none", async () => {
    const environment = { HUAWEICLOUD_SDK_AK: "FROMENV", HUAWEICLOUD_SDK_SK: "planted-secret-key" };
    const { sink, seen } = await smnTrial(
      published,
      { credentials: undefined },
      { ...sampleDeps, environment },
    );
    await sink.deliver([sampleEvent()], running());
    expect(seen[0]?.headers.authorization).toContain("Access=FROMENV,");
    await sink.close();
  });

  it("blocks the sink where there is none, before anything is sent", async () => {
    const sink = smnAt("http://127.0.0.1:1", { credentials: undefined });
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([
      { kind: "blocked", reason: "unauthorized", detail: expect.stringContaining("HUAWEICLOUD_SDK_AK") },
    ]);
    await sink.close();
  });
});

describe("the options of SMN", () => {
  it.each(["dms-tasks", "urn:smn:cn-north-4:p1", "urn:smn:cn-north-4:p1:a/b", "arn:smn:cn-north-4:p1:x"])(
    "take no topic %s",
    (urn) => expect(v.is(schema, { topicUrn: urn })).toBe(false),
  );
});
