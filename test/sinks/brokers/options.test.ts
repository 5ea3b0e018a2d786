import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { addressIn, hostAndPort, originOf, tls, tlsSettings } from "../../../lib/sinks/brokers/options.ts";

const pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const tlsOptions = (options: object) => v.safeParse(tls("TLS."), options);

describe("a broker's TLS options", () => {
  it("are Node's, with nothing that was left out", () => {
    const { output } = tlsOptions({ ca: pem });
    expect(tlsSettings(v.parse(v.strictObject({ ca: v.string(), verifyHost: v.boolean() }), output))).toEqual(
      {
        ca: pem,
      },
    );
  });

  it("take a certificate for another host only from a named authority", () => {
    expect(tlsOptions({ verifyHost: false }).issues).toMatchObject([{ message: "true, or false with ca" }]);
    expect(tlsOptions({ verifyHost: false, ca: pem }).success).toBe(true);
  });

  it("take no path for a certificate", () => {
    expect(tlsOptions({ ca: "/etc/ssl/ca.pem" }).success).toBe(false);
  });
});

describe("a server's address", () => {
  it.each(["kafka-1.example.com:9092", "10.0.0.4:9093", "[fd00::1]:4222"])("is taken: %s", (text) => {
    expect(v.is(hostAndPort("x:1"), text)).toBe(true);
  });

  it.each(["kafka-1", "user:password@kafka-1:9092", "kafka://kafka-1:9092", "kafka-1:9092/x", ""])(
    "is not taken: %s",
    (text) => {
      expect(v.is(hostAndPort("x:1"), text)).toBe(false);
    },
  );

  it.each([
    ["10.0.0.4:9093", "10.0.0.4"],
    ["[fd00::1]:4222", "fd00::1"],
    ["kafka-1.example.com:9092", null],
  ])("holds an IP address or a name: %s", (server, address) => {
    expect(addressIn(server)).toBe(address);
  });

  it("is told short of the others", () => {
    expect(originOf("kafka", ["a:1"])).toBe("kafka a:1");
    expect(originOf("kafka", ["a:1", "b:1", "c:1"])).toBe("kafka a:1 and 2 more");
  });
});
