import { afterAll, beforeAll } from "vitest";
import * as mqttSink from "../../../lib/sinks/mqtt.ts";
import { brokerContract, networkRetry as retry } from "../../contract/broker.ts";
import type { Manner } from "../../contract/hostile-servers.ts";
import { type Mosquitto, startMosquitto } from "../../services/mosquitto.ts";
import { sinkOf } from "../sample.ts";

let mosquitto: Mosquitto;
beforeAll(async () => {
  mosquitto = await startMosquitto();
});
afterAll(() => mosquitto.stop());

/** Takes the login with these properties, in hex, and answers each publish so. */
const server =
  (properties: string, answer = ""): Manner =>
  (socket) => {
    const told = Buffer.from(properties, "hex");
    socket.once("data", () => {
      socket.write(Buffer.concat([Buffer.from([0x20, 3 + told.length, 0, 0, told.length]), told]));
      if (answer !== "") socket.on("data", () => socket.write(Buffer.from(answer, "hex")));
      else socket.resume();
    });
  };

const blocked = { kind: "blocked", reason: "rejected" };

brokerContract("mqtt", {
  sink: ({ host, timeoutMs, isSigned, ca }) =>
    sinkOf(mqttSink, {
      url: `${ca === null ? "mqtt" : "mqtts"}://${host}`,
      timeout: `${timeoutMs}ms`,
      ...(isSigned && { user: "bridge", password: "secret" }),
      ...(ca !== null && { tls: { ca } }),
    }),
  real: () => mosquitto.url.replace("mqtt://", ""),
  absurd: {
    "a Receive Maximum of 0": { manner: server("210000"), result: retry },
    "a Receive Maximum of 1": { manner: server("210001"), result: retry },
    "a Maximum Packet Size of 0": { manner: server("2700000000"), result: retry },
    "a Maximum Packet Size of 1": { manner: server("2700000001"), result: blocked },
    "a Maximum QoS of 0": { manner: server("2400"), result: blocked },
    "a Topic Alias Maximum beyond all": { manner: server("22ffff"), result: retry },
    "a Server Keep Alive of 0": { manner: server("130000"), result: retry },
    "a Server Keep Alive beyond all": { manner: server("13ffff"), result: retry },
    "a Session Expiry beyond all": { manner: server("11ffffffff"), result: retry },
    "a property that is none": { manner: server("7f00"), result: retry },
    "the PUBACK of another packet": { manner: server("", "40027fff"), result: retry },
    "a PUBACK cut short": { manner: server("", "4001"), result: retry },
    "a PUBACK of no length": { manner: server("", "4000"), result: retry },
    "a PUBREC instead": { manner: server("", "50020001"), result: retry },
    "a PUBCOMP instead": { manner: server("", "70020001"), result: retry },
    "a packet of the greatest length": { manner: server("", "40ffffff7f"), result: retry },
    "a length that is none": { manner: server("", "40ffffffffff"), result: retry },
    "a second CONNACK": { manner: server("", "2003000000"), result: retry },
    "a DISCONNECT": { manner: server("", "e00100"), result: retry },
    "a login asked for again": { manner: server("", "f000"), result: retry },
  },
});
