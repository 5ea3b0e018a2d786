import { describe, expect, it } from "vitest";
import { inFlight } from "../../lib/async/in-flight.ts";

describe("closing", () => {
  it("waits for all that is tracked, failures included, and frees once", async () => {
    const log: string[] = [];
    const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const { track, close } = inFlight(async () => log.push("freed"));
    const tracked = track(first.promise);
    const failing = track(second.promise).catch((error: Error) => error.message);
    const closing = Promise.all([close(), close()]).then(() => log.push("closed"));
    first.resolve("done");
    expect(await tracked).toBe("done");
    expect(log).toEqual([]);
    second.reject(new Error("broken"));
    expect(await failing).toBe("broken");
    await closing;
    await close();
    expect(log).toEqual(["freed", "closed"]);
  });

  it("tells its callers of what cannot be freed", async () => {
    const { close } = inFlight(() => Promise.reject(new Error("stuck")));
    await expect(close()).rejects.toThrow("stuck");
  });
});
