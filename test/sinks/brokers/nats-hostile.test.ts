import { rm } from "node:fs/promises";
import { DiscardPolicy, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import * as natsSink from "../../../lib/sinks/nats.ts";
import { brokerContract, networkRetry as retry } from "../../contract/broker.ts";
import type { Manner } from "../../contract/hostile-servers.ts";
import { type Certificate, makeCertificate } from "../../services/certificate.ts";
import { type Nats, startNats } from "../../services/nats.ts";
import { serverFolder } from "../../services/server.ts";
import { running, sampleEvent, sinkOf } from "../sample.ts";

const users = `no_auth_user: anyone
authorization { users: [{ user: anyone, password: "a" }, { user: bridge, password: "b" }, { user: deaf, password: "c", permissions: { publish: ">", subscribe: "other" } }] }`;

let nats: Nats;
let secured: Nats;
let certificate: Certificate;
beforeAll(async () => {
  const folder = await serverFolder("certificate");
  certificate = await makeCertificate(folder, "IP:127.0.0.1");
  nats = await startNats(users);
  const { certFile: cert_file, keyFile: key_file } = certificate;
  secured = await startNats(`${users}\ntls { cert_file: "${cert_file}", key_file: "${key_file}" }`);
  await rm(folder, { recursive: true });
  for (const { address } of [nats, secured]) {
    const admin = await connect({
      servers: address,
      ...(address === secured.address && {
        tls: Object.assign({ ca: certificate.cert }, { host: "127.0.0.1" }),
      }),
    });
    const { streams } = await jetstreamManager(admin);
    await streams.add({ name: "trial", subjects: ["dms.>"] });
    await streams.add({ name: "full", subjects: ["full.>"], max_bytes: 1, discard: DiscardPolicy.New });
    await streams.add({ name: "sealed", subjects: ["sealed.>"] });
    // The client's types lack a stream's seal.
    await streams.update("sealed", Object.assign({ max_msgs: 9 }, { sealed: true }));
    await admin.close();
  }
});
afterAll(async () => {
  await nats.stop();
  await secured.stop();
});

const greeting = { server_id: "x", version: "2.10.0", proto: 1, headers: true, max_payload: 1_048_576 };

/** Speaks the protocol as far as a login, and answers each publish with these bytes. */
const server =
  (info: object, answer?: string): Manner =>
  (socket) => {
    socket.write(`INFO ${JSON.stringify({ ...greeting, ...info })}\r\n`);
    let inbox = "";
    socket.on("data", (chunk) => {
      const text = chunk.toString();
      if (/PING\r\n/.test(text)) socket.write("PONG\r\n");
      const [, sid] = /SUB _INBOX\.\S+ (\d+)\r\n/.exec(text) ?? [];
      if (sid) inbox = sid;
      if (answer === undefined) return;
      for (const [, reply] of text.matchAll(/HPUB \S+ (\S+) /g))
        socket.write(`MSG ${reply} ${inbox} ${Buffer.byteLength(answer)}\r\n${answer}\r\n`);
    });
  };

const blocked = { kind: "blocked", reason: expect.stringMatching(/^(unroutable|rejected)$/) };

brokerContract("nats", {
  sink: ({ host, timeoutMs, isSigned, ca }) =>
    sinkOf(natsSink, {
      servers: [host],
      timeout: `${timeoutMs}ms`,
      ...(isSigned && { user: "bridge", password: "b" }),
      ...(ca !== null && { tls: { ca } }),
    }),
  real: () => nats.address,
  upgrading: () => ({ host: secured.address, ca: certificate.cert }),
  absurd: {
    "a max_payload of nothing": { manner: server({ max_payload: 0 }), result: retry },
    "a negative max_payload": { manner: server({ max_payload: -1 }), result: retry },
    "a max_payload of one byte": { manner: server({ max_payload: 1 }), result: blocked },
    "a max_payload that is no number": { manner: server({ max_payload: "1MB" }), result: retry },
    "a max_payload beyond all": { manner: server({ max_payload: 1e300 }), result: retry },
    "a version that is none": { manner: server({ version: "new" }), result: retry },
    "addresses that are numbers": { manner: server({ connect_urls: [1] }), result: retry },
    "a subscriber's JSON": { manner: server({}, '{"ok":true}'), result: blocked },
    "a subscriber's number": { manner: server({}, "1"), result: blocked },
    "a subscriber's null": { manner: server({}, "null"), result: blocked },
    "a subscriber's text": { manner: server({}, "OK"), result: blocked },
    "a subscriber's nothing": { manner: server({}, ""), result: blocked },
    "an acknowledgement without a number": { manner: server({}, '{"stream":"trial"}'), result: blocked },
    "an acknowledgement of number 0": { manner: server({}, '{"stream":"trial","seq":0}'), result: blocked },
    "an acknowledgement without a stream": { manner: server({}, '{"stream":"","seq":1}'), result: blocked },
  },
});

it.each([
  ["a full stream", "full", {}, "retry throttled", /the stream is full/],
  ["a sealed stream", "sealed", {}, "blocked rejected", /the stream is sealed/],
  ["no right to the inbox", "dms", { user: "deaf", password: "c" }, "blocked unauthorized", /_INBOX/],
])("the nats sink tells of %s", async (_, subject, login, expected, detail) => {
  const options = { servers: [nats.address], subject: `${subject}.{task}`, ...login };
  const sink = sinkOf(natsSink, options);
  onTestFinished(() => sink.close());
  const [result] = await sink.deliver([sampleEvent()], running());
  const [kind, reason] = expected.split(" ");
  expect(result).toMatchObject({ kind, reason, detail: expect.stringMatching(detail) });
});
