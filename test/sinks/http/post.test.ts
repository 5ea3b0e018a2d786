import { createServer, type Socket } from "node:net";
import { Agent, MockAgent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { networkRefusal } from "../../../lib/sinks/http/network.ts";
import { type Post, post } from "../../../lib/sinks/http/post.ts";
import { receiving } from "../../harness/api.ts";
import { listening } from "../../harness/servers.ts";
import { freePort } from "../../services/server.ts";
import { running } from "../sample.ts";

const agent = (): Agent => {
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  return dispatcher;
};

const to = (url: string, over: Partial<Post> = {}): Post => ({
  url: new URL(url),
  headers: { "content-type": "text/plain" },
  body: "hello",
  timeoutMs: 5_000,
  ...over,
});

/** A server that answers every connection with raw bytes. */
async function raw(answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {}).once("data", () => answer(socket));
  });
  return `${(await listening(server)).origin}/secret-path`;
}

describe("a POST", () => {
  it("sends headers, body, path and query, and gives the answer", async () => {
    const { url, deliveries } = await receiving({
      respond: () => ({ status: 503, headers: { "retry-after": "9" }, body: "later" }),
    });
    const answer = await post(agent(), to(`${url}?a=b`), running());
    expect(answer).toEqual({ kind: "response", status: 503, retryAfter: "9", body: "later", cut: null });
    expect(deliveries[0]).toMatchObject({ body: "hello", headers: { "content-type": "text/plain" } });
  });

  it("does not follow a redirect", async () => {
    const { url, deliveries } = await receiving({
      respond: () => ({ status: 307, headers: { location: url } }),
    });
    expect(await post(agent(), to(url), running())).toMatchObject({ kind: "response", status: 307 });
    expect(deliveries).toHaveLength(1);
  });

  it("reads no more than 1 MiB of an answer", async () => {
    const { url } = await receiving({ respond: () => ({ status: 500, body: "x".repeat(2_000_000) }) });
    const answer = await post(agent(), to(url), running());
    expect(answer).toMatchObject({
      status: 500,
      body: "x".repeat(1_048_576),
      cut: "a body of more than 1048576 bytes",
    });
  });

  it("does not wait for the rest of an answer that is longer than that", async () => {
    const url = await raw((socket) =>
      socket.write(`HTTP/1.1 500 No\r\ncontent-length: 9999999\r\n\r\n${"x".repeat(1_100_000)}`),
    );
    expect(await post(agent(), to(url, { timeoutMs: 60_000 }), running())).toMatchObject({ status: 500 });
  });

  it("takes an answer whose body never ends for what it has of it", async () => {
    const url = await raw((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nsome"));
    const answer = await post(agent(), to(url, { timeoutMs: 500 }), running());
    expect(answer).toEqual({
      kind: "response",
      status: 200,
      retryAfter: null,
      body: "some",
      cut: "a body that broke off",
    });
  });

  it("takes an answer whose body breaks off for what it has of it", async () => {
    const url = await raw((socket) => socket.end("HTTP/1.1 500 No\r\ncontent-length: 99\r\n\r\nsome"));
    expect(await post(agent(), to(url), running())).toMatchObject({ status: 500, body: "some" });
  });

  it("keeps its connection for the next", async () => {
    const { url, connections } = await receiving();
    const dispatcher = agent();
    for (let count = 0; count < 3; count += 1) await post(dispatcher, to(url), running());
    expect(connections()).toBe(1);
  });

  it("ends with its time-out", async () => {
    const { url } = await receiving({ respond: () => ({ hang: true }) });
    const { origin } = new URL(url);
    expect(await post(agent(), to(url, { timeoutMs: 50 }), running())).toEqual({
      kind: "retry",
      reason: "timeout",
      detail: `${origin}: no response within 0.05 s`,
    });
  });

  it("ends when the run's signal aborts", async () => {
    const run = new AbortController();
    const { url } = await receiving({ respond: () => ({ hang: true }), onDelivery: () => run.abort() });
    expect(await post(agent(), to(url), { signal: run.signal })).toMatchObject({
      kind: "retry",
      reason: "timeout",
      detail: expect.stringContaining("the run's time budget ended"),
    });
  });

  it.each([
    ["an answer that is not HTTP", "I am a mail server\r\n", "the response is not HTTP"],
    ["no answer", "", "the connection broke"],
    ["an answer cut in its headers", "HTTP/1.1 200 OK\r\nx: ", "the connection broke"],
    [
      "endless headers",
      `HTTP/1.1 200 OK\r\n${`x: ${"y".repeat(100)}\r\n`.repeat(2_000)}`,
      "headers are too large",
    ],
    ["switching protocols", "HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "broke"],
  ])("comes to retry on %s", async (_, bytes, problem) => {
    const url = await raw((socket) => socket.end(bytes));
    const refusal = await post(agent(), to(url), running());
    expect(refusal).toMatchObject({
      kind: "retry",
      reason: "network",
      detail: expect.stringContaining(problem),
    });
    expect(JSON.stringify(refusal)).not.toContain("secret-path");
  });

  it("comes to retry on a refused connection", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await post(agent(), to(url), running())).toMatchObject({ kind: "retry", reason: "network" });
  });

  it("comes to retry on plain text where TLS is spoken", async () => {
    const url = await raw((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
    const refusal = await post(agent(), to(url.replace("http:", "https:")), running());
    expect(refusal).toMatchObject({ kind: "retry", reason: "network" });
  });

  it("throws what no network causes", async () => {
    const mock = new MockAgent();
    mock.disableNetConnect();
    onTestFinished(() => mock.close());
    const defect = new TypeError("a defect");
    mock.get("https://hooks.example.com").intercept({ path: "/", method: "POST" }).replyWithError(defect);
    await expect(post(mock, to("https://hooks.example.com/"), running())).rejects.toBe(defect);
  });

  it("answers for a request that cannot be made", async () => {
    const request = to("https://hooks.example.com/", { headers: { "x-bad": "line\r\nbreak" } });
    expect(await post(agent(), request, running())).toEqual({
      kind: "retry",
      reason: "defect",
      detail: "https://hooks.example.com: the request cannot be made (UND_ERR_INVALID_ARG)",
    });
  });
});

describe("a network error", () => {
  const coded = (code: string) => Object.assign(new Error("https://hooks.example.com/secret"), { code });

  it.each([
    ["ETIMEDOUT", "timeout"],
    ["UND_ERR_CONNECT_TIMEOUT", "timeout"],
    ["UND_ERR_HEADERS_TIMEOUT", "timeout"],
    ["UND_ERR_BODY_TIMEOUT", "timeout"],
    ["ENOTFOUND", "network"],
    ["ECONNRESET", "network"],
    ["UND_ERR_SOCKET", "network"],
    ["UND_ERR_CLOSED", "network"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "network"],
    ["CERT_HAS_EXPIRED", "network"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "network"],
  ])("%s is retried as %s, and its message is not repeated", (code, reason) => {
    const refusal = networkRefusal(coded(code), "https://hooks.example.com");
    expect(refusal).toMatchObject({ kind: "retry", reason });
    expect(refusal?.detail).toMatch(new RegExp(`^https://hooks\\.example\\.com: .+ \\(${code}\\)$`));
  });

  it("REFUSED_ADDRESS blocks", () => {
    expect(networkRefusal(coded("REFUSED_ADDRESS"), "https://x")).toMatchObject({
      kind: "blocked",
      reason: "refused_address",
    });
  });

  it.each([new TypeError("a defect"), coded("toString"), "text", null])("is not seen in %s", (error) => {
    expect(networkRefusal(error, "https://x")).toBeNull();
  });
});
