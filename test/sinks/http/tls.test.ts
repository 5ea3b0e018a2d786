import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { sinkName } from "../../../lib/core/names.ts";
import { sinkTypes } from "../../../lib/sinks/index.ts";
import { listening } from "../../harness/servers.ts";
import { type Certificate, makeCertificate } from "../../services/certificate.ts";
import { running, sampleDeps, sampleEvent } from "../sample.ts";

let folder: string;
let certificate: Certificate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tls-"));
  certificate = await makeCertificate(folder, "IP:127.0.0.1");
});
afterAll(() => rm(folder, { recursive: true }));

/** A receiver that wants a client certificate, and says yes as its product does. */
async function receiver(answer: string, status: number): Promise<string> {
  const { cert, key } = certificate;
  const server = createServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: true });
  server.on("request", (request, response) => {
    request.resume();
    response.writeHead(status).end(answer);
  });
  return `https://${(await listening(server)).host}`;
}

const products = [
  ["webhook", "", 204, {}],
  ["slack", "ok", 200, {}],
  ["slackapp", '{"ok":true,"ts":"1.2","channel":"C1"}', 200, { token: "xoxb-1-2", channel: "C0123456789" }],
  ["github", "", 204, { token: "t", repository: "acme/operations" }],
] as const;

describe.each(products)("the sink %s", (type, answer, status, options) => {
  it("shows its certificate to a receiver of a private authority, and is not let in without", async () => {
    const url = `${await receiver(answer, status)}${type === "slack" ? "/services/a/b/c" : ""}`;
    const module = await sinkTypes[type]();
    const deliver = async (tls: object) => {
      const written = v.parse(module.schema, { url, allowPrivateNetwork: true, tls, ...options });
      const sink = module.create(sinkName("s"), written as never, sampleDeps);
      onTestFinished(() => sink.close());
      return sink.deliver([sampleEvent()], running());
    };
    const { cert, key } = certificate;
    expect(await deliver({ ca: cert, cert, key })).toMatchObject([{ kind: "accepted" }]);
    expect(await deliver({ ca: cert })).toMatchObject([{ kind: "retry", reason: "network" }]);
    expect(await deliver({ cert, key })).toMatchObject([
      { kind: "retry", detail: expect.stringContaining("the certificate is not trusted") },
    ]);
  });
});
