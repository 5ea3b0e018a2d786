import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { begin } from "../../../lib/checkpoint/transitions.ts";
import { type Clock, systemClock } from "../../../lib/core/clock.ts";
import { bucketCheckpoints } from "../../../lib/stores/bucket/checkpoints.ts";
import { openBucket } from "../../../lib/stores/bucket/index.ts";
import { key } from "../../checkpoint/sample.ts";
import { bucketStoresContract } from "../../contract/bucket-stores.ts";
import { startObsFake } from "./obs-fake.ts";

bucketStoresContract("OBS", "obs", () => startObsFake(systemClock));

describe("AppendObject at position 0", () => {
  async function opened() {
    const fake = await startObsFake(systemClock);
    onTestFinished(() => fake.close());
    const clock: Clock = { now: () => Date.now(), sleep: async () => {} };
    const { environment, origin, bucket: name } = fake;
    const deps = { environment, clock, random: () => 0 };
    const bucket = openBucket({ provider: "obs", bucket: name, prefix: "p", endpoint: origin }, deps);
    onTestFinished(() => bucket.close());
    return { fake, bucket, deps };
  }
  const refusal = (text: string) => expect.objectContaining({ code: "STORE_FAILED", message: text });

  it("creates an object once, and never over one that was put or was appended to ten thousand times", async () => {
    const { fake, bucket } = await opened();
    expect(await bucket.create("a", "1")).toBe(true);
    expect(await bucket.create("a", "2")).toBe(false);
    expect(await bucket.get("a")).toBe("1");
    await bucket.put("b", "1");
    expect(await bucket.create("b", "2")).toBe(false);
    fake.setAppends("p/a", 10_000);
    expect(await bucket.create("a", "2")).toBe(false);
  });

  it.each([
    ["replication", "bucket records: POST a: HTTP 400 OperationNotSupported"],
    ["worm", "bucket records: POST a: HTTP 403 AccessDenied"],
  ] as const)("is refused by a bucket with %s, which is told", async (setting, message) => {
    const { fake, bucket } = await opened();
    fake.settings.add(setting);
    await expect(bucket.create("a", "1")).rejects.toThrow(refusal(message));
  });

  it("is found out where it never works, before a record is written", async () => {
    const { fake, bucket } = await opened();
    fake.settings.add("parallel file system");
    const store = bucketCheckpoints({ bucket, clock: systemClock, newId: randomUUID });
    await expect(store.commit(key, begin("all", 1_000, 0), null)).rejects.toThrow(
      /^bucket records: the store creates no object that way/,
    );
    expect(await bucket.list("")).toEqual([]);
  });

  it("is told of a wrong key, of none, of a bucket that is not there and of a region that is not known", async () => {
    const { fake, deps } = await opened();
    const place = { provider: "obs", bucket: fake.bucket, prefix: "p", endpoint: fake.origin } as const;
    const create = async (options: object, environment: object = fake.environment) => {
      const bucket = openBucket({ ...place, ...options }, { ...deps, environment: { ...environment } });
      onTestFinished(() => bucket.close());
      return bucket.create("a", "1");
    };
    await expect(create({}, { ...fake.environment, HUAWEICLOUD_SDK_SK: "other" })).rejects.toThrow(
      /HTTP 403 SignatureDoesNotMatch$/,
    );
    await expect(create({}, {})).rejects.toThrow(/no access key for OBS: set HUAWEICLOUD_SDK_AK/);
    await expect(create({ bucket: "other" })).rejects.toThrow(/^bucket other: .*HTTP 404 NoSuchBucket$/);
    await expect(create({ endpoint: undefined })).rejects.toThrow(/no region for OBS: set region/);
  });
});
