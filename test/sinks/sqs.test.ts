import { createHash } from "node:crypto";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../lib/change/event.ts";
import { eventId } from "../../lib/core/names.ts";
import { schema } from "../../lib/sinks/sqs.ts";
import { sinkAt, trial } from "../contract/service.ts";
import { serve } from "../harness/http.ts";
import { sqsFifoService, sqsService } from "./aws/services.ts";
import { running, sampleDeps, sampleEvent } from "./sample.ts";

async function sent(service: typeof sqsService, event: CloudEvent) {
  const { sink, seen } = await trial(service);
  await sink.deliver([event], running());
  await sink.close();
  return JSON.parse(seen[0]?.body ?? "{}");
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("a message to SQS", () => {
  it("is the event, with attributes, under its position", async () => {
    expect(await sent(sqsService, sampleEvent())).toEqual({
      QueueUrl: sqsService.options["queueUrl"],
      Entries: [
        {
          Id: "0",
          MessageBody: JSON.stringify(sampleEvent()),
          MessageAttributes: {
            type: { DataType: "String", StringValue: "com.huaweicloud.dms.task.succeeded" },
            status: { DataType: "String", StringValue: "SUCCESS" },
            task_name: { DataType: "String", StringValue: "bindInstancePublicIp" },
            engine: { DataType: "String", StringValue: "rabbitmq" },
            region: { DataType: "String", StringValue: "eu-west-101" },
            instance: { DataType: "String", StringValue: "i-0001" },
          },
        },
      ],
    });
  });

  it("holds no character that SQS refuses, and still says the same", async () => {
    const name = "a\u0000b\u001b\ufffe\uffff\ud800绑定😀";
    const { Entries } = await sent(sqsService, sampleEvent(1, { name }));
    const forbidden = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
    expect(Entries[0].MessageBody).not.toMatch(forbidden);
    expect(Entries[0].MessageAttributes.task_name.StringValue).not.toMatch(forbidden);
    expect(JSON.parse(Entries[0].MessageBody).data.task.name).toBe(name);
  });

  it("has no attribute without a value", async () => {
    const { Entries } = await sent(sqsService, sampleEvent(1, { name: "" }));
    expect(Entries[0].MessageAttributes).not.toHaveProperty("task_name");
  });

  it("on FIFO is grouped by its task and told from others by its event", async () => {
    const { Entries } = await sent(sqsFifoService, sampleEvent());
    expect(Entries[0]).toMatchObject({
      MessageGroupId: "t-0001",
      MessageDeduplicationId: "i-0001/t-0001/SUCCESS/1767225600000",
    });
  });

  it.each(["x".repeat(129), "a b", "绑定", ""])(
    "on FIFO has the hash of an id beyond its limits: %j",
    async (id) => {
      const event = { ...sampleEvent(), id: eventId(id), subject: id };
      const { Entries } = await sent(sqsFifoService, event);
      expect(Entries[0]).toMatchObject({ MessageGroupId: sha256(id), MessageDeduplicationId: sha256(id) });
    },
  );
});

describe("where SQS answers", () => {
  it.each([
    ["the queue's own URL", {}],
    ["the queue's own URL, beside empty variables,", { AWS_ENDPOINT_URL_SQS: "" }],
    ["AWS_ENDPOINT_URL", { AWS_ENDPOINT_URL: "own" }],
    ["AWS_ENDPOINT_URL_SQS", { AWS_ENDPOINT_URL_SQS: "own", AWS_ENDPOINT_URL: "http://127.0.0.1:1" }],
  ])("is %s without an endpoint", async (_, variables) => {
    const server = await serve(sqsService.answer);
    const queueUrl =
      "AWS_ENDPOINT_URL" in variables ? "http://127.0.0.1:1/1/tasks" : `${server.origin}/1/tasks`;
    const environment = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, value === "own" ? server.origin : value]),
    );
    const deps = { ...sampleDeps, environment };
    const sink = sinkAt(sqsService, server.origin, { queueUrl, endpoint: undefined }, deps);
    expect(await sink.deliver([sampleEvent()], running())).toEqual([{ kind: "accepted" }]);
    await sink.close();
  });

  it.each([
    ["the queue's", { queueUrl: "https://sqs.ap-south-1.amazonaws.com/1/tasks" }, "ap-south-1"],
    ["China's queue's", { queueUrl: "https://sqs.cn-north-1.amazonaws.com.cn/1/tasks" }, "cn-north-1"],
    ["the environment's", { queueUrl: "http://localhost:4566/1/tasks" }, "eu-west-1"],
    ["the configuration's", { region: "eu-north-1" }, "eu-north-1"],
  ])("is in %s region", async (_, options, region) => {
    const { sink, seen } = await trial(sqsService, sqsService.answer, options);
    await sink.deliver([sampleEvent()], running());
    expect(seen[0]?.headers.authorization).toContain(`/${region}/sqs/`);
    await sink.close();
  });
});

describe("the options of SQS", () => {
  it.each(["tasks", "ftp://x/1/tasks", "https://user:word@x/1/tasks", "https://x/1/tasks?a=b"])(
    "take no queue URL %s",
    (queueUrl) => expect(v.is(schema, { queueUrl })).toBe(false),
  );
});
