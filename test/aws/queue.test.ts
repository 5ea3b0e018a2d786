import { describe, expect, it, onTestFinished } from "vitest";
import { openQueue } from "../../lib/aws/queue.ts";
import { systemClock } from "../../lib/core/clock.ts";
import { type Answering, serve } from "../harness/http.ts";
import { accessKey } from "./sample.ts";

const { signal } = new AbortController();
const url = "https://sqs.eu-west-1.amazonaws.com/123456789012/polls";

async function opened(...replies: [Answering, ...Answering[]]) {
  const { origin, seen } = await serve(...replies);
  const queue = openQueue(url, {
    environment: { ...accessKey, AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL_SQS: origin },
    clock: { ...systemClock, sleep: async () => {} },
    random: () => 0,
  });
  onTestFinished(() => queue.close());
  const bodies = () => seen.map(({ body }) => JSON.parse(body));
  return { queue, seen, bodies };
}

describe("a queue", () => {
  it("takes messages ten a request, each once", async () => {
    const { queue, bodies } = await opened({ body: { Successful: [] } });
    await queue.send(
      Array.from({ length: 23 }, (_, index) => ({ body: `m${index}` })),
      { signal },
    );
    expect(
      bodies()
        .map(({ Entries }) => Entries.length)
        .toSorted(),
    ).toEqual([10, 10, 3]);
    const sent = bodies().flatMap(({ QueueUrl, Entries }) => {
      expect(QueueUrl).toBe(url);
      expect(new Set(Entries.map(({ Id }: { Id: string }) => Id)).size).toBe(Entries.length);
      return Entries.map(({ MessageBody }: { MessageBody: string }) => MessageBody);
    });
    expect(new Set(sent).size).toBe(23);
  });

  it("keeps a request below SQS's limit of bytes", async () => {
    const { queue, seen } = await opened({ body: {} });
    await queue.send(
      Array.from({ length: 10 }, () => ({ body: "ü".repeat(100_000) })),
      { signal },
    );
    expect(seen).toHaveLength(2);
    for (const { body } of seen) expect(Buffer.byteLength(body)).toBeLessThan(1_048_576);
  });

  it("says what a message carries beside its body, and nothing where it carries nothing", async () => {
    const { queue, bodies } = await opened({ body: {} });
    await queue.send(
      [
        {
          body: "a",
          delaySeconds: 15,
          attributes: { reason: "gone" },
          fifo: { group: "g", deduplication: "d" },
        },
        { body: "b", delaySeconds: 0 },
      ],
      { signal },
    );
    expect(bodies()[0].Entries).toEqual([
      {
        Id: "0",
        MessageBody: "a",
        DelaySeconds: 15,
        MessageAttributes: { reason: { DataType: "String", StringValue: "gone" } },
        MessageGroupId: "g",
        MessageDeduplicationId: "d",
      },
      { Id: "1", MessageBody: "b", MessageAttributes: {} },
    ]);
  });

  it("throws when one message was refused, after all others were sent", async () => {
    const { queue, seen } = await opened(
      { body: { Failed: [{ Id: "0", Code: "InvalidMessageContents", SenderFault: true }] } },
      { body: {} },
    );
    const sending = queue.send(
      Array.from({ length: 20 }, () => ({ body: "m" })),
      { signal },
    );
    await expect(sending).rejects.toMatchObject({ reason: "rejected", code: "InvalidMessageContents" });
    expect(seen).toHaveLength(2);
  });

  it("calls an answer that is none of SQS's malformed", async () => {
    const { queue } = await opened({ body: { Failed: "all" } });
    await expect(queue.send([{ body: "m" }], { signal })).rejects.toMatchObject({ reason: "malformed" });
  });

  it("changes when messages are visible again, and passes over one that is no longer in flight", async () => {
    const { queue, bodies } = await opened({ body: { Failed: [{ Id: "0", Code: "MessageNotInflight" }] } });
    await queue.changeVisibility([{ receiptHandle: "r", seconds: 30 }], { signal });
    expect(bodies()[0].Entries).toEqual([{ Id: "0", ReceiptHandle: "r", VisibilityTimeout: 30 }]);
  });

  it("sends nothing where there is nothing to send", async () => {
    const { queue, seen } = await opened({ body: {} });
    await queue.send([], { signal });
    expect(seen).toEqual([]);
  });
});
