import type { SinkStatus } from "../status/sinks.ts";
import type { Fields, Log } from "./log.ts";

/** Logs one line for a sink that refuses deliveries or was removed; nothing while it is healthy. */
export function logSink(log: Log, fields: Fields, { state, ...status }: SinkStatus): void {
  if (state === "healthy") return;
  log("warn", messages[state], {
    ...fields,
    state,
    ...named(status),
  });
}

const messages = {
  retrying: "a sink fails",
  failing: "a sink fails",
  blocked: "a sink is blocked",
  removed: "a sink is not configured any more",
} as const satisfies Record<Exclude<SinkStatus["state"], "healthy">, string>;

/** `message` is a log line's own field. */
const named = ({ message, ...status }: Omit<SinkStatus, "state">): Fields => ({
  problem: message,
  ...status,
});
