import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { schema } from "../../lib/sinks/eventbridge.ts";
import { trial } from "../contract/service.ts";
import { eventbridgeService } from "./aws/services.ts";
import { running, sampleEvent } from "./sample.ts";

async function sent(options: Readonly<Record<string, unknown>> = {}) {
  const { sink, seen } = await trial(eventbridgeService, eventbridgeService.answer, options);
  await sink.deliver([sampleEvent()], running());
  await sink.close();
  return { body: JSON.parse(seen[0]?.body ?? "{}"), authorization: seen[0]?.headers.authorization };
}

describe("an entry to EventBridge", () => {
  it("is the event as the detail, its type as the detail type", async () => {
    expect((await sent()).body).toEqual({
      Entries: [
        {
          EventBusName: "default",
          Source: "dms-task-bridge",
          DetailType: "com.huaweicloud.dms.task.succeeded",
          Detail: JSON.stringify(sampleEvent()),
          Resources: ["https://dms.eu-west-101.myhuaweicloud.com/v2/p-0001/instances/i-0001"],
          Time: 1_767_225_600,
        },
      ],
    });
  });

  it("goes to the configured bus, in the region its ARN names", async () => {
    const bus = "arn:aws:events:us-west-2:123456789012:event-bus/ops";
    const { body, authorization } = await sent({ bus, source: "ops.dms" });
    expect(body.Entries[0]).toMatchObject({ EventBusName: bus, Source: "ops.dms" });
    expect(authorization).toContain("/us-west-2/events/");
  });
});

describe("the options of EventBridge", () => {
  it.each([
    { source: "aws.dms" },
    { source: "" },
    { bus: "a bus" },
    { bus: "arn:aws:events:x:1:event-bus/ops" },
  ])("do not take %o", (options) => expect(v.is(schema, options)).toBe(false));
});
