import { createPrivateKey } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../lib/core/clock.ts";
import { secretResolvers } from "../../lib/wire/secrets.ts";
import { type Certificate, makeCertificate } from "../services/certificate.ts";
import { issuesOf, load, source } from "./sample.ts";

let folder: string;
let certificate: Certificate;
let other: Certificate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "connection-"));
  certificate = await makeCertificate(folder, "DNS:localhost");
  other = await makeCertificate(await mkdtemp(join(folder, "x")), "DNS:localhost");
});
afterAll(() => rm(folder, { recursive: true }));

const hook = (options: object) => ({
  sinks: { hook: { type: "webhook", url: "https://example.com/hook", ...options } },
});
const secrets = secretResolvers({ environment: {}, clock: systemClock, random: Math.random });

describe("certificates", () => {
  it("are read from files by reference, for a source and for a sink", async () => {
    const { cert, key, certFile, keyFile } = certificate;
    const tls = { ca: `file:${certFile}`, cert: `file:${certFile}`, key: `file:${keyFile}` };
    const { config, sinks } = await load({ sources: [{ ...source, tls }], ...hook({ tls }) }, { secrets });
    const read = { ca: cert.trimEnd(), cert: cert.trimEnd(), key: key.trimEnd() };
    expect(config.sources[0]?.tls).toEqual(read);
    expect([...sinks.values()][0]?.options).toMatchObject({ tls: read });
  });

  it("may be several in one text", async () => {
    const { cert, key } = certificate;
    const tls = { ca: `# ours\n${cert}\n${other.cert}`, cert: `${cert}${other.cert}`, key };
    await expect(load(hook({ tls }))).resolves.toBeDefined();
  });

  it.each([
    ["ca", () => ({ ca: "/etc/ssl/ca.pem" }), "certificates in PEM"],
    ["ca", () => ({ ca: certificate.cert.replace("MII", "III") }), "certificates in PEM"],
    ["cert", () => ({ cert: certificate.key, key: certificate.key }), "a certificate in PEM"],
    ["key", () => ({ cert: certificate.cert, key: certificate.cert }), "an unencrypted private key in PEM"],
    ["key", () => ({ cert: certificate.cert, key: encrypted() }), "an unencrypted private key in PEM"],
    ["", () => ({ cert: certificate.cert }), "cert and key together, the key being that of the certificate"],
    ["", () => ({ key: certificate.key }), "cert and key together, the key being that of the certificate"],
    [
      "",
      () => ({ cert: certificate.cert, key: other.key }),
      "cert and key together, the key being that of the certificate",
    ],
  ])("that cannot be used are an issue of %j, which shows none of them", async (field, tls, expected) => {
    const issues = await issuesOf(load(hook({ tls: tls() })));
    expect(issues).toMatchObject([{ field: ["sinks.hook.tls", field].filter(Boolean).join("."), expected }]);
    expect(issues[0]?.found).toMatch(/^(a string of \d+ characters|an object)$/);
  });

  const encrypted = (): string =>
    createPrivateKey(certificate.key)
      .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
      .toString();
});

describe("a proxy", () => {
  it.each(["http://proxy:3128", "https://user:p%40ss@proxy.example", "http://[::1]:3128/", false])(
    "may be %j",
    async (proxy) => {
      await expect(load({ sources: [{ ...source, proxy }], ...hook({ proxy }) })).resolves.toBeDefined();
    },
  );

  it.each([
    "robot:secret@proxy:3128",
    "proxy:3128",
    "socks5://robot:secret@proxy",
    "http://robot:secret@proxy/path",
    "http://robot:secret@",
    "",
    true,
  ])("may not be %j, and the issue shows no password", async (proxy) => {
    const issues = await issuesOf(load(hook({ proxy })));
    expect(issues).toMatchObject([
      {
        field: "sinks.hook.proxy",
        expected: "the http or https URL of a proxy such as http://user:password@proxy:3128, or false",
      },
    ]);
    expect(issues[0]?.found).not.toMatch(/robot|secret/);
  });

  it("is no option of a sink that speaks no HTTP", async () => {
    const sinks = { log: { type: "console", proxy: false } };
    expect(await issuesOf(load({ sinks }))).toMatchObject([{ field: "sinks.log.proxy" }]);
  });
});
