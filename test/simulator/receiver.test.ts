import { request } from "undici";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../lib/core/clock.ts";
import type { ReceiverOptions } from "../../lib/simulator/receiver.ts";
import fixture from "../fixtures/sink-signing-vectors.json" with { type: "json" };
import { receiving } from "../harness/api.ts";

const [, vector] = fixture.standardWebhooks.vectors;
if (!vector) throw new Error("expected a vector");

async function started(options: ReceiverOptions = {}) {
  const receiver = await receiving(options);
  const post = async (body: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await request(receiver.url, { method: "POST", body, headers });
    return { status: answer.statusCode, body: await answer.body.text() };
  };
  return { receiver, post };
}

const structured = { "content-type": "application/cloudevents+json" };
const at = (secondsLater: number) => ({
  now: () => (vector.timestamp + secondsLater) * 1_000,
  sleep: async () => {},
});

describe("the receiver", () => {
  it("keeps what it gets, in order, and accepts it", async () => {
    const { receiver, post } = await started();
    expect(await post(vector.body, structured)).toEqual({ status: 204, body: "" });
    await post(vector.body.replaceAll("t-0001", "t-0002"), structured);
    expect(receiver.events().map(({ subject }) => subject)).toEqual(["t-0001", "t-0002"]);
    expect(receiver.deliveries.map(({ number }) => number)).toEqual([1, 2]);
  });

  it("refuses what is no event", async () => {
    const { receiver, post } = await started();
    expect((await post("hello")).status).toBe(400);
    expect((await post("{", structured)).status).toBe(400);
    expect(receiver.deliveries.map(({ mode }) => mode)).toEqual(["unknown", "structured"]);
  });

  it.each(fixture.standardWebhooks.verification.cases)(
    "judges a signature's age: $name",
    async ({ clockMinusTimestamp, accepted }) => {
      const { receiver, post } = await started({
        secret: vector.secrets[0] ?? "",
        clock: at(clockMinusTimestamp),
      });
      expect((await post(vector.body, { ...structured, ...vector.headers })).status).toBe(
        accepted ? 204 : 401,
      );
      expect(receiver.deliveries[0]?.verified).toBe(accepted);
    },
  );

  it("refuses a changed body, and no signature", async () => {
    const { post } = await started({ secret: vector.secrets[0] ?? "", clock: at(0) });
    const changed = vector.body.replace("SUCCESS", "FAILED");
    expect((await post(changed, { ...structured, ...vector.headers })).status).toBe(401);
    expect((await post(vector.body, structured)).status).toBe(401);
  });

  it("answers by its script", async () => {
    const { post } = await started({
      respond: (number) => (number === 1 ? { status: 503, body: "later" } : { status: 200, body: "ok" }),
    });
    expect(await post(vector.body)).toEqual({ status: 503, body: "later" });
    expect(await post(vector.body)).toEqual({ status: 200, body: "ok" });
  });

  it("keeps a delivery that it answers with a broken connection", async () => {
    const { receiver, post } = await started({ respond: () => ({ reset: true }) });
    await expect(post(vector.body, structured)).rejects.toThrow();
    expect(receiver.events()).toHaveLength(1);
  });

  it("ends its waits when it is closed", async () => {
    const asleep = Promise.withResolvers<void>();
    const woken = Promise.withResolvers<void>();
    const sleep: Clock["sleep"] = (_, signal) => {
      signal.addEventListener("abort", () => woken.resolve());
      asleep.resolve();
      return woken.promise;
    };
    const { receiver, post } = await started({
      respond: () => ({ delayMs: 60_000 }),
      clock: { now: () => 0, sleep },
    });
    const cut = expect(post(vector.body)).rejects.toThrow();
    await asleep.promise;
    await receiver.close();
    await woken.promise;
    await cut;
  });

  it("can be closed while it hangs", async () => {
    const { receiver, post } = await started({
      respond: () => ({ hang: true }),
      onDelivery: () => receiver.close(),
    });
    await expect(post(vector.body)).rejects.toThrow();
  });
});
