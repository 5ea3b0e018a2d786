import { describe, expect, it } from "vitest";
import { trial } from "../contract/service.ts";
import { kinesisService } from "./aws/services.ts";
import { running, sampleEvent } from "./sample.ts";

async function sent(options: Readonly<Record<string, unknown>> = {}, subject = "t-0001") {
  const { sink, seen } = await trial(kinesisService, kinesisService.answer, options);
  await sink.deliver([{ ...sampleEvent(), subject }], running());
  await sink.close();
  return { body: JSON.parse(seen[0]?.body ?? "{}"), authorization: seen[0]?.headers.authorization };
}

describe("a record to Kinesis", () => {
  it("is the event, with its task as the partition key", async () => {
    expect((await sent()).body).toEqual({
      StreamName: "tasks",
      Records: [
        { Data: Buffer.from(JSON.stringify(sampleEvent())).toString("base64"), PartitionKey: "t-0001" },
      ],
    });
  });

  it("goes to a stream by its ARN, in the region that names", async () => {
    const stream = "arn:aws:kinesis:us-west-2:123456789012:stream/tasks";
    const { body, authorization } = await sent({ stream });
    expect(body).toMatchObject({ StreamARN: stream });
    expect(body).not.toHaveProperty("StreamName");
    expect(authorization).toContain("/us-west-2/kinesis/");
  });

  it.each(["", "x".repeat(257)])("has a hash for a key beyond the limits: %s", async (subject) => {
    expect((await sent({}, subject)).body.Records[0].PartitionKey).toMatch(/^[0-9a-f]{64}$/);
  });
});
