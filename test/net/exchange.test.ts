import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { exchange, headerOf, type Outgoing, OutOfTime } from "../../lib/net/exchange.ts";

/** A server that answers as told, the connections it got, and an exchange with it. */
async function stage(answer: (response: ServerResponse) => void) {
  const server = createServer((_, response) => answer(response));
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const agent = new Agent({ allowH2: false });
  onTestFinished(async () => {
    server.closeAllConnections();
    await agent.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const abort = new AbortController();
  const ask = (over: Partial<Outgoing> = {}) =>
    exchange(
      agent,
      {
        origin,
        path: "/",
        method: "GET",
        headers: {},
        body: null,
        timeoutMs: 60_000,
        maxBodyBytes: 10,
        ...over,
      },
      { signal: abort.signal },
    );
  return { ask, abort, connections: () => connections };
}

const half = (response: ServerResponse): void => {
  response.writeHead(200, { "content-length": 8 });
  response.write("half");
};

describe("an exchange", () => {
  it("gives status, headers and all of the body", async () => {
    const { ask } = await stage((response) => response.writeHead(201, { "x-a": ["1", "2"] }).end("grün"));
    const answer = await ask();
    expect(answer).toMatchObject({ status: 201, text: "grün", isWhole: true });
    expect([headerOf(answer, "x-a"), headerOf(answer, "x-b")]).toEqual(["1", null]);
  });

  it("uses one connection for requests that follow each other", async () => {
    const { ask, connections } = await stage((response) => response.end("ok"));
    for (let count = 0; count < 5; count += 1) await ask();
    expect(connections()).toBe(1);
  });

  it("reads no more of a body than it may", async () => {
    const { ask } = await stage((response) => response.end("0123456789 and more"));
    expect(await ask()).toMatchObject({ text: "0123456789", isWhole: false });
  });

  it("fails when the body breaks off, or takes what there is where the status is enough", async () => {
    const { ask } = await stage((response) => {
      half(response);
      setImmediate(() => response.destroy());
    });
    await expect(ask()).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
    expect(await ask({ isStatusEnough: true })).toMatchObject({ status: 200, isWhole: false });
  });

  it("ends when its time is over, before the head or in the body", async () => {
    const { ask } = await stage(() => {});
    await expect(ask({ timeoutMs: 20, isStatusEnough: true })).rejects.toBeInstanceOf(OutOfTime);
    const dripping = await stage(half);
    await expect(dripping.ask({ timeoutMs: 50 })).rejects.toBeInstanceOf(OutOfTime);
  });

  it("ends with the caller's reason when the caller ends it, before it began and while it runs", async () => {
    const { ask, abort } = await stage(() => abort.abort("enough"));
    await expect(ask()).rejects.toBe("enough");
    await expect(ask()).rejects.toBe("enough");
  });

  it("tells when the head is there", async () => {
    const { ask, abort } = await stage(half);
    let heads = 0;
    const asking = ask({
      answered: () => {
        heads += 1;
        abort.abort("seen");
      },
    });
    await expect(asking).rejects.toBe("seen");
    expect(heads).toBe(1);
  });
});
