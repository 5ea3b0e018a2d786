import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { schema } from "../../lib/sinks/sns.ts";
import { trial } from "../contract/service.ts";
import { snsService } from "./aws/services.ts";
import { running, sampleEvent, sampleEvents } from "./sample.ts";

async function sent(count: number, topicArn: unknown = snsService.options["topicArn"]) {
  const { sink, seen } = await trial(snsService, snsService.answer, { topicArn });
  await sink.deliver(sampleEvents(count), running());
  await sink.close();
  return new URLSearchParams(seen[0]?.body);
}

const entry = "PublishBatchRequestEntries.member";

describe("a message to SNS", () => {
  it("is the event, with attributes that subscribers filter on", async () => {
    const form = await sent(2);
    expect(form.get("Action")).toBe("PublishBatch");
    expect(form.get("TopicArn")).toBe(snsService.options["topicArn"]);
    expect(form.get(`${entry}.2.Id`)).toBe("1");
    expect(form.get(`${entry}.2.Message`)).toBe(JSON.stringify(sampleEvent(2)));
    const attributes = [1, 2, 3, 4, 5, 6].map((number) => {
      const attribute = `${entry}.2.MessageAttributes.entry.${number}`;
      expect(form.get(`${attribute}.Value.DataType`)).toBe("String");
      return [form.get(`${attribute}.Name`), form.get(`${attribute}.Value.StringValue`)];
    });
    expect(attributes).toEqual([
      ["type", "com.huaweicloud.dms.task.succeeded"],
      ["status", "SUCCESS"],
      ["task_name", "bindInstancePublicIp"],
      ["engine", "rabbitmq"],
      ["region", "eu-west-101"],
      ["instance", "i-0001"],
    ]);
    expect(form.has(`${entry}.1.MessageGroupId`)).toBe(false);
  });

  it("to a FIFO topic is grouped by its task and told from others by its event", async () => {
    const form = await sent(1, "arn:aws:sns:eu-west-1:123456789012:tasks.fifo");
    expect(form.get(`${entry}.1.MessageGroupId`)).toBe("t-0001");
    expect(form.get(`${entry}.1.MessageDeduplicationId`)).toBe(sampleEvent().id);
  });

  it("goes to the region that its topic names", async () => {
    const topicArn = "arn:aws-cn:sns:cn-north-1:123456789012:tasks";
    const { sink, seen } = await trial(snsService, snsService.answer, { topicArn });
    await sink.deliver([sampleEvent()], running());
    expect(seen[0]?.headers.authorization).toContain("/cn-north-1/sns/");
    await sink.close();
  });
});

describe("the options of SNS", () => {
  it.each(["tasks", "arn:aws:sqs:eu-west-1:123456789012:tasks", "arn:aws:sns:eu-west-1:123456789012:a:b"])(
    "take no topic %s",
    (topicArn) => expect(v.is(schema, { topicArn })).toBe(false),
  );
});
