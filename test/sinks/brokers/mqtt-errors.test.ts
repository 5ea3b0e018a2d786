import { ErrorWithReasonCode } from "mqtt";
import { describe, expect, it } from "vitest";
import { MqttDisconnect, mqttRefusal, noMqtt } from "../../../lib/sinks/brokers/mqtt-errors.ts";

const origin = "mqtt://broker:1883";

describe("a reason code of MQTT's", () => {
  it.each([
    [0x05, "blocked", "unauthorized"],
    [0x80, "retry", "server_error"],
    [0x83, "retry", "server_error"],
    [0x84, "blocked", "rejected"],
    [0x86, "blocked", "unauthorized"],
    [0x87, "blocked", "unauthorized"],
    [0x89, "retry", "server_error"],
    [0x90, "blocked", "unroutable"],
    [0x95, "permanent", "too_large"],
    [0x97, "retry", "throttled"],
    [0x99, "permanent", "rejected"],
    [0x9d, "blocked", "redirected"],
    [0xff, "retry", "server_error"],
  ])("%i comes to %s, %s", (code, kind, reason) => {
    const expected = {
      kind,
      reason,
      detail: `${origin}: MQTT reason code 0x${code.toString(16).padStart(2, "0")}`,
    };
    expect(mqttRefusal(new ErrorWithReasonCode("Publish error", code), origin)).toEqual(expected);
    expect(mqttRefusal(new MqttDisconnect(code), origin)).toEqual(expected);
  });
});

describe("a failure of MQTT", () => {
  it.each([
    ["connack timeout", "timeout"],
    ["Keepalive timeout", "timeout"],
    ["Connection closed", "network"],
    ["client disconnecting", "network"],
    ["TLS not authorized", "network"],
  ])("that the client calls %s is tried again", (message, reason) => {
    expect(mqttRefusal(new Error(message), origin)).toMatchObject({ kind: "retry", reason });
  });

  it("by another protocol's answer is tried again", () => {
    expect(mqttRefusal(noMqtt(new Error("Invalid header flag bits")), origin)).toEqual({
      kind: "retry",
      reason: "server_error",
      detail: `${origin}: not an MQTT response`,
    });
  });

  it("of the network is tried again", () => {
    const error = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    expect(mqttRefusal(error, origin)).toMatchObject({
      kind: "retry",
      reason: "network",
      detail: `${origin}: the host refuses connections (ECONNREFUSED)`,
    });
  });

  it.each([new TypeError("a defect"), "no error"])("is none: %s", (error) => {
    expect(mqttRefusal(error, origin)).toBeNull();
  });
});
