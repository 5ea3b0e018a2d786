import type { FailureReason, Refusal, RefusalClass } from "../../core/result.ts";
import { networkRefusal } from "../http/network.ts";

const forbidden: RefusalClass = ["blocked", "unauthorized"];
const unsuited: RefusalClass = ["blocked", "rejected"];
const throttled: RefusalClass = ["retry", "throttled"];

/** MQTT 5 reason code "QoS not supported". */
export const qosNotSupported = 0x9b;

/** MQTT 5 reason codes of CONNACK, PUBACK or DISCONNECT that are not simply transient. */
const refusalClasses: ReadonlyMap<number, RefusalClass> = new Map([
  // The first five are MQTT 3 codes, from a server that does not speak MQTT 5.
  [0x01, unsuited],
  [0x02, unsuited],
  [0x04, forbidden],
  [0x05, forbidden],
  [0x84, unsuited],
  [0x85, unsuited],
  [0x86, forbidden],
  [0x87, forbidden],
  [0x8a, forbidden],
  [0x8c, forbidden],
  [0x90, ["blocked", "unroutable"]],
  [0x95, ["permanent", "too_large"]],
  [0x96, throttled],
  [0x97, throttled],
  [0x99, ["permanent", "rejected"]],
  [qosNotSupported, unsuited],
  [0x9c, ["blocked", "redirected"]],
  [0x9d, ["blocked", "redirected"]],
  [0x9f, throttled],
]);

const later: RefusalClass = ["retry", "server_error"];

/** The server's DISCONNECT, which the client emits as an event. */
export class MqttDisconnect extends Error {
  override readonly name = "MqttDisconnect";
  readonly code: number;

  constructor(code: number) {
    super("the server ended the connection");
    this.code = code;
  }
}

/** A response that the client cannot parse; its own errors for this vary in wording. */
export const noMqtt = (cause: unknown): Error => new Error("no MQTT", { cause });

/** Maps a failure to connect or publish to a reason; null for an error that neither MQTT nor the network causes. */
export function mqttRefusal(error: unknown, origin: string): Refusal | null {
  if (!(error instanceof Error)) return null;
  const code = "code" in error ? error.code : undefined;
  if (typeof code !== "number") return networkRefusal(error, origin) ?? saidRefusal(error.message, origin);
  const [kind, reason] = refusalClasses.get(code) ?? later;
  return { kind, reason, detail: `${origin}: MQTT reason code 0x${code.toString(16).padStart(2, "0")}` };
}

/** Client errors that have no code, by their message. */
const sentences: readonly (readonly [RegExp, FailureReason, problem: string])[] = [
  [/^connack timeout$/, "timeout", "no response in time"],
  [/^Keepalive timeout$/, "timeout", "the server fell silent"],
  [/^TLS not authorized$/, "network", "the certificate is not trusted"],
  [/^no MQTT$/, "server_error", "not an MQTT response"],
  [/^(Connection closed|client disconnecting)$/, "network", "the connection broke"],
];

function saidRefusal(message: string, origin: string): Refusal | null {
  // Mosquitto returns this for an event over its `message_size_limit`, although MQTT has no such code for PUBACK.
  if (message === "Invalid puback reason code") {
    const detail = `${origin}: the broker refuses it with a reason code that MQTT does not define for a PUBACK`;
    return { kind: "permanent", reason: "rejected", detail };
  }
  const [, reason, problem] = sentences.find(([text]) => text.test(message)) ?? [];
  return reason ? { kind: "retry", reason, detail: `${origin}: ${problem}` } : null;
}
