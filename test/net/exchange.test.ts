import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { Agent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { exchange, type HttpRequest, headerOf, OutOfTime } from "../../lib/net/exchange.ts";
import { listening } from "../harness/servers.ts";

/** A server that answers as told, the connections it got, and an exchange with it. */
async function setUp(answer: (response: ServerResponse, headers: IncomingHttpHeaders) => void) {
  const server = createServer(({ headers }, response) => answer(response, headers));
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  const { origin } = await listening(server);
  const agent = new Agent({ allowH2: false });
  onTestFinished(() => agent.destroy());
  const abort = new AbortController();
  const ask = (over: Partial<HttpRequest> = {}) =>
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
    const { ask } = await setUp((response) => response.writeHead(201, { "x-a": ["1", "2"] }).end("grün"));
    const answer = await ask();
    expect(answer).toMatchObject({ status: 201, text: "grün", cut: null });
    expect([headerOf(answer, "x-a"), headerOf(answer, "x-b")]).toEqual(["1", null]);
  });

  it("uses one connection for requests that follow each other", async () => {
    const { ask, connections } = await setUp((response) => response.end("ok"));
    for (let count = 0; count < 5; count += 1) await ask();
    expect(connections()).toBe(1);
  });

  it("reads no more of a body than it may", async () => {
    const { ask } = await setUp((response) => response.end("0123456789 and more"));
    expect(await ask()).toMatchObject({ text: "0123456789", cut: "a body of more than 10 bytes" });
  });

  it("fails when the body breaks off, or takes what there is where the status is enough", async () => {
    const { ask } = await setUp((response) => {
      half(response);
      setImmediate(() => response.destroy());
    });
    await expect(ask()).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
    expect(await ask({ isStatusEnough: true })).toMatchObject({ status: 200, cut: "a body that broke off" });
  });

  it("ends when its time is over, before the head or in the body", async () => {
    const { ask } = await setUp(() => {});
    await expect(ask({ timeoutMs: 20, isStatusEnough: true })).rejects.toBeInstanceOf(OutOfTime);
    const dripping = await setUp(half);
    await expect(dripping.ask({ timeoutMs: 50 })).rejects.toBeInstanceOf(OutOfTime);
  });

  it("ends with the caller's reason when the caller ends it, before it began and while it runs", async () => {
    const { ask, abort } = await setUp(() => abort.abort("enough"));
    await expect(ask()).rejects.toBe("enough");
    await expect(ask()).rejects.toBe("enough");
  });

  it("tells when the head is there", async () => {
    const { ask, abort } = await setUp(half);
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

const text = "a text that is long enough to be worth it, long enough to be worth it";

describe("a compressed answer", () => {
  const answering = async (encoding: string, body: Buffer, maxBodyBytes = 1_000) => {
    const { ask } = await setUp((response) =>
      response.writeHead(200, { "content-encoding": encoding }).end(body),
    );
    return ask({ maxBodyBytes });
  };

  it("is declined", async () => {
    const { ask } = await setUp((response, headers) => response.end(headers["accept-encoding"]));
    expect(await ask()).toMatchObject({ text: "identity" });
  });

  it.each([
    ["gzip", gzipSync(text)],
    ["X-GZIP", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["deflate", deflateRawSync(text)],
    ["br", brotliCompressSync(text)],
    ["zstd", zstdCompressSync(text)],
    ["br, gzip", gzipSync(brotliCompressSync(text))],
    ["identity", Buffer.from(text)],
  ])("is decoded all the same: %s", async (encoding, body) => {
    expect(await answering(encoding, body)).toMatchObject({ status: 200, text, cut: null });
  });

  it.each([
    ["gzip", gzipSync("0".repeat(100_000))],
    ["br", brotliCompressSync("0".repeat(100_000))],
    ["gzip, gzip", gzipSync(gzipSync("0".repeat(100_000)))],
    ["gzip", Buffer.from("these bytes are plain")],
    ["gzip", gzipSync(text).subarray(0, 20)],
    ["compress", Buffer.from("of long ago")],
    ["gzip, gzip, gzip, gzip", Buffer.from("too many")],
  ])("counts as cut where it does not come to a text of the allowed length: %s", async (encoding, body) => {
    expect(await answering(encoding, body)).toMatchObject({
      status: 200,
      text: "",
      cut: "a body that cannot be decoded to at most 1000 bytes",
    });
  });

  it("has no body to decode where it is empty", async () => {
    expect(await answering("gzip", Buffer.alloc(0))).toMatchObject({ text: "", cut: null });
  });
});
