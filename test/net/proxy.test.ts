import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import fc from "fast-check";
import { Agent, buildConnector, request } from "undici";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { addressGuard, type GuardOptions } from "../../lib/net/address-guard.ts";
import { type AgentOptions, openAgent } from "../../lib/net/agent.ts";
import { exchange } from "../../lib/net/exchange.ts";
import { guardedConnector } from "../../lib/net/guarded-connector.ts";
import { networkFailure, networkFailureText } from "../../lib/net/network-errors.ts";
import { noProxyMatcher, proxyConnector } from "../../lib/net/proxy.ts";
import { listening } from "../harness/servers.ts";
import { type Certificate, makeCertificate } from "../services/certificate.ts";
import { startProxy } from "../services/proxy.ts";

let folder: string;
let certificate: Certificate;
let stranger: Certificate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "proxy-test-"));
  certificate = await makeCertificate(folder, "DNS:receiver.test,IP:127.0.0.1");
  stranger = await makeCertificate(await mkdtemp(join(folder, "x")), "DNS:stranger.test");
});
afterAll(() => rm(folder, { recursive: true }));

async function listen(server: Server): Promise<{ readonly port: number; readonly seen: string[] }> {
  const seen: string[] = [];
  server.on("request", (request: IncomingMessage, response) => {
    const peer =
      "getPeerCertificate" in request.socket ? (request.socket as TLSSocket).getPeerCertificate() : null;
    seen.push(
      `${request.method} ${request.url} ${request.headers.host}${peer?.subject ? " with a certificate" : ""}`,
    );
    response.end("hello");
  });
  return { port: (await listening(server)).port, seen };
}

const plain = () => listen(createServer());
const secured = () => listen(createTlsServer({ cert: certificate.cert, key: certificate.key }));

/** The answer's text, or what the network did, as messages say it. */
async function get(
  url: string,
  options: AgentOptions,
  environment: Readonly<Record<string, string>> = {},
  dispatcher?: Agent,
): Promise<string> {
  const agent = openAgent(options, { environment, ...(dispatcher && { dispatcher }) });
  const { origin, pathname } = new URL(url);
  const request = { origin, path: pathname, method: "GET", headers: {}, body: null } as const;
  const { signal } = new AbortController();
  try {
    const answer = await exchange(
      agent.dispatcher,
      { ...request, timeoutMs: 20_000, maxBodyBytes: 1_000 },
      { signal },
    );
    return answer.text;
  } catch (error) {
    const trouble = networkFailure(error);
    if (!trouble) throw error;
    return `${trouble.fault}: ${networkFailureText(trouble)}`;
  } finally {
    await agent.close();
  }
}

describe("a proxy", () => {
  it.each(["HTTPS_PROXY", "https_proxy"])(
    "of %s leads to https, seeing nothing but the host",
    async (name) => {
      const { port, seen } = await secured();
      const proxy = await startProxy();
      const url = `https://receiver.test:${port}/secret-path`;
      expect(await get(url, { tls: { ca: certificate.cert } }, { [name]: proxy.url })).toBe("hello");
      expect(proxy).toMatchObject({ asked: [`receiver.test:${port}`], requests: [], logins: [undefined] });
      expect(seen).toEqual([`GET /secret-path receiver.test:${port}`]);
    },
  );

  it.each(["HTTP_PROXY", "http_proxy"])("of %s leads to plain http by CONNECT too", async (name) => {
    const { port, seen } = await plain();
    const proxy = await startProxy();
    expect(await get(`http://receiver.test:${port}/a`, {}, { [name]: ` ${proxy.url}\n` })).toBe("hello");
    expect(proxy).toMatchObject({ asked: [`receiver.test:${port}`], requests: [] });
    expect(seen).toEqual([`GET /a receiver.test:${port}`]);
  });

  it("of one variable is for its own protocol alone", async () => {
    const [open, closed] = [await plain(), await secured()];
    const proxy = await startProxy();
    expect(await get(`http://127.0.0.1:${open.port}/`, {}, { HTTPS_PROXY: proxy.url })).toBe("hello");
    const tls = { ca: certificate.cert };
    expect(await get(`https://127.0.0.1:${closed.port}/`, { tls }, { HTTP_PROXY: proxy.url })).toBe("hello");
    expect(proxy.asked).toEqual([]);
  });

  it("may be named without its scheme, and the lower-case name wins", async () => {
    const { port } = await plain();
    const proxy = await startProxy();
    const environment = { HTTP_PROXY: "http://127.0.0.1:1", http_proxy: proxy.url.replace("http://", "") };
    expect(await get(`http://receiver.test:${port}/`, {}, environment)).toBe("hello");
  });

  it("of an option's own stands in place of the variables, NO_PROXY included, and false for none", async () => {
    const { port } = await plain();
    const [theirs, own] = [await startProxy(), await startProxy()];
    const environment = { HTTP_PROXY: theirs.url, NO_PROXY: "*" };
    expect(await get(`http://127.0.0.1:${port}/`, { proxy: own.url }, environment)).toBe("hello");
    expect(await get(`http://127.0.0.1:${port}/`, { proxy: false }, { HTTP_PROXY: theirs.url })).toBe(
      "hello",
    );
    expect([theirs.asked, own.asked]).toEqual([[], [`127.0.0.1:${port}`]]);
  });

  it("gets its user and password, decoded", async () => {
    const { port } = await plain();
    const proxy = await startProxy({ login: "dom%5Cuser:p%40ss" });
    const refused = await get(`http://receiver.test:${port}/`, { proxy: proxy.url });
    expect(proxy.logins).toEqual(["dom\\user:p@ss"]);
    expect(refused).not.toMatch(/user:p|p@ss|p%40ss/);
  });

  it("that asks for a user gets it, once for each connection", async () => {
    const { port } = await secured();
    const proxy = await startProxy({ login: "robot:secret-login" });
    const tls = { ca: certificate.cert };
    expect(await get(`https://receiver.test:${port}/`, { proxy: proxy.url, tls })).toBe("hello");
    expect(proxy.logins).toEqual(["robot:secret-login"]);
  });

  it("may speak TLS itself, under its own certificate", async () => {
    const { port } = await secured();
    const trusted = getCACertificates("default");
    setDefaultCACertificates([...trusted, certificate.cert]);
    onTestFinished(() => setDefaultCACertificates(trusted));
    const proxy = await startProxy({ certificate, login: "robot:secret-login" });
    expect(await get(`https://receiver.test:${port}/`, { proxy: proxy.url })).toBe("hello");
    expect(proxy).toMatchObject({ asked: [`receiver.test:${port}`], logins: ["robot:secret-login"] });
  });

  it("may not speak TLS under another name", async () => {
    const proxy = await startProxy({ certificate: stranger });
    expect(await get("https://receiver.test/", { proxy: proxy.url })).toBe(
      `untrusted: the proxy ${proxy.origin}: the certificate is not trusted (PROXY_DEPTH_ZERO_SELF_SIGNED_CERT)`,
    );
  });

  it.each([
    [407, "barred", "asks for a user and password"],
    [403, "barred", "does not connect to the host"],
    [302, "barred", "does not connect to the host"],
    [405, "barred", "does not connect to the host"],
    [429, "lost", "cannot reach the host now"],
    [502, "lost", "cannot reach the host now"],
    [503, "lost", "cannot reach the host now"],
    [504, "slow", "got no response from the host in time"],
  ] as const)("that answers %s is named, and nothing of its page", async (status, fault, what) => {
    const proxy = await startProxy({ conduct: status });
    const said = await get("https://receiver.test/", {}, { HTTPS_PROXY: proxy.url });
    expect(said).toBe(`${fault}: the proxy ${proxy.origin} ${what} (PROXY_HTTP_${status})`);
  });

  it("that refuses its user and password is named without them", async () => {
    const proxy = await startProxy({ login: "robot:right" });
    const url = proxy.url.replace("right", "secret-login");
    expect(await get("https://receiver.test/", { proxy: url })).toBe(
      `barred: the proxy ${proxy.origin} refuses its user and password (PROXY_HTTP_407)`,
    );
  });

  it.each([
    ["close", /^lost: the proxy (\S+): the connection broke \(PROXY_UND_ERR_SOCKET\)$/],
    ["garble", /^garbled: the proxy (\S+): the response is not HTTP/],
  ] as const)("whose conduct is to %s is named", async (conduct, expected) => {
    const proxy = await startProxy({ conduct });
    const said = await get("https://receiver.test/", { proxy: proxy.url });
    expect(expected.exec(said)?.[1]).toBe(proxy.origin);
  });

  it("whose conduct is to hang is named", async () => {
    const { url, origin } = await startProxy({ conduct: "hang" });
    const connecting = { timeout: 100, allowH2: false };
    const variables = { http: url, https: url, noProxy: "" };
    const direct = buildConnector(connecting);
    const dispatcher = new Agent({ connect: proxyConnector({ variables, direct, guard: null, connecting }) });
    onTestFinished(() => dispatcher.destroy());
    expect(await get("https://receiver.test/", {}, {}, dispatcher)).toBe(
      `slow: the proxy ${origin}: no response in time (PROXY_UND_ERR_HEADERS_TIMEOUT)`,
    );
  });

  it("that is not there is named, and so is one whose URL is none", async () => {
    expect(await get("https://receiver.test/", { proxy: "http://robot:secret-login@127.0.0.1:1" })).toBe(
      "lost: the proxy http://127.0.0.1:1: the host refuses connections (PROXY_ECONNREFUSED)",
    );
    for (const HTTPS_PROXY of ["socks5://robot:secret-login@127.0.0.1:1", "http://[::1", "ftp://x"]) {
      const said = await get("https://receiver.test/", {}, { HTTPS_PROXY });
      expect(said).toMatch(/^barred: the configured proxy is not an http or https URL: .*\(PROXY_URL\)$/);
    }
  });

  it("is not what a receiver's own refusals are blamed on", async () => {
    const { port } = await secured();
    const proxy = await startProxy();
    const untrusted = await get(`https://receiver.test:${port}/`, { proxy: proxy.url });
    expect(untrusted).toBe("untrusted: the certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)");
  });

  it("never gets the requests for a container's credentials", async () => {
    const proxy = await startProxy();
    const agent = openAgent({ proxy: proxy.url, guard: { allow: false, onlyAllowed: false } }, {});
    onTestFinished(() => agent.close());
    const request = {
      origin: "http://169.254.170.2",
      path: "/",
      method: "GET",
      headers: {},
      body: null,
    } as const;
    const { signal } = new AbortController();
    // The guard, which has it closed, sees to it that nothing is dialled.
    await expect(
      exchange(agent.dispatcher, { ...request, timeoutMs: 5_000, maxBodyBytes: 1 }, { signal }),
    ).rejects.toMatchObject({ code: "REFUSED_ADDRESS" });
    expect(proxy.asked).toEqual([]);
  });
});

describe("the address guard", () => {
  /** What comes of a GET through a proxy under a guard, where names lead to the given addresses; null for none. */
  async function guarded(host: string, guard: GuardOptions, addresses: readonly string[] | null = null) {
    const { port } = await plain();
    const proxy = await startProxy();
    const connecting = { timeout: 1_000, allowH2: false };
    const variables = { http: proxy.url, https: proxy.url, noProxy: "" };
    const direct = guardedConnector(addressGuard(guard), connecting);
    const connect = proxyConnector({ variables, direct, guard, connecting }, async () => addresses);
    const dispatcher = new Agent({ connect });
    onTestFinished(() => dispatcher.close());
    const outcome = await request(`http://${host}:${port}/`, { dispatcher }).then(
      async ({ body }) => body.text(),
      (error: Error & { readonly code?: string }) => error.code,
    );
    return { outcome, isAsked: proxy.asked.length > 0 };
  }
  const strict = { allow: false, onlyAllowed: false };
  const isRefused = { outcome: "REFUSED_ADDRESS", isAsked: false };
  const passes = { outcome: "hello", isAsked: true };

  it.each(["127.0.0.1", "10.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "2130706433"])(
    "refuses the closed address %s before the proxy is asked",
    async (host) => {
      expect(await guarded(host, strict)).toEqual(isRefused);
    },
  );

  it.each([[["10.0.0.1"]], [["172.32.0.1", "10.0.0.1"]], [["169.254.170.2"]]])(
    "refuses a name that leads to %s here, whatever else it leads to",
    async (addresses) => {
      expect(await guarded("inside.test", strict, addresses)).toEqual(isRefused);
    },
  );

  it("leaves to the proxy what leads to open addresses, and what has no address here", async () => {
    expect(await guarded("public.test", strict, ["172.32.0.1"])).toEqual(passes);
    expect(await guarded("unknown.test", strict, null)).toEqual(passes);
    expect(await guarded("inside.test", { allow: true, onlyAllowed: false }, ["10.0.0.1"])).toEqual(passes);
  });

  it("for plain http wants to see that the network is an opened one", async () => {
    const inside = { allow: ["10.0.0.0/8"], onlyAllowed: true };
    expect(await guarded("inside.test", inside, ["10.0.0.1"])).toEqual(passes);
    expect(await guarded("public.test", inside, ["172.32.0.1"])).toEqual(isRefused);
    expect(await guarded("unknown.test", inside, null)).toEqual(isRefused);
  });
});

describe("client certificates", () => {
  it.each(["directly", "through a proxy"])("and an authority of one's own count %s", async (way) => {
    const { cert, key } = certificate;
    const wanting = createTlsServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: true });
    const { port, seen } = await listen(wanting);
    const proxy = way === "directly" ? false : (await startProxy()).url;
    const url = `https://127.0.0.1:${port}/`;
    expect(await get(url, { proxy, tls: { ca: cert, cert, key } })).toBe("hello");
    expect(seen).toEqual([`GET / 127.0.0.1:${port} with a certificate`]);
    expect(await get(url, { proxy, tls: { ca: cert } })).not.toBe("hello");
    expect(await get(url, { proxy })).toMatch(/^untrusted: the certificate is not trusted/);
    expect(seen).toHaveLength(1);
  });
});

describe("NO_PROXY", () => {
  it.each([
    ["example.com", "example.com", true],
    ["example.com", "EXAMPLE.com.", true],
    ["example.com", "api.example.com", true],
    ["example.com", "badexample.com", false],
    [".example.com", "api.example.com", true],
    [".example.com", "example.com", false],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "example.com", false],
    ["example.com:8443", "example.com:8443", true],
    ["example.com:8443", "example.com", false],
    ["a.test, b.test c.test", "c.test", true],
    ["a.test,,", "d.test", false],
    ["*", "anything.test", true],
    ["10.0.0.5", "10.0.0.5", true],
    ["10.0.0.5:80", "10.0.0.5", false],
    ["10.0.0.0/8", "10.9.9.9", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.0.0.0/8", "10.example.com", false],
    ["::1", "::1", true],
    ["[::1]", "::1", true],
    ["[::1]:443", "::1", true],
    ["fd00::/8", "fd12::1", true],
    ["0:0:0:0:0:0:0:1", "::1", true],
    ["", "example.com", false],
  ])("%s for %s: %s", (noProxy, host, expected) => {
    const [, name = host, port = "443"] = /^([^:]+):(\d+)$/.exec(host) ?? [];
    expect(noProxyMatcher(noProxy)(name, port)).toBe(expected);
  });

  it("takes any text, and names no host by chance", () => {
    fc.assert(
      fc.property(fc.string(), fc.domain(), (text, domain) => {
        const isNamed = noProxyMatcher(text)(domain, "443");
        return !isNamed || text.includes("*") || text.toLowerCase().includes(domain.split(".").at(-1) ?? "");
      }),
    );
  });

  it("lets a request pass the proxy by", async () => {
    const { port } = await plain();
    const proxy = await startProxy();
    const environment = { HTTP_PROXY: proxy.url, no_proxy: "other.test,127.0.0.0/8" };
    expect(await get(`http://127.0.0.1:${port}/`, {}, environment)).toBe("hello");
    expect(proxy.asked).toEqual([]);
  });
});
