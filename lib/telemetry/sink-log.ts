import type { SinkStatus } from "../status/sinks.ts";
import type { Fields, Log } from "./log.ts";

/** Logs one line for a sink that refuses deliveries; nothing while it is healthy. */
export function logSink(log: Log, fields: Fields, { state, ...status }: SinkStatus): void {
  if (state === "healthy") return;
  log("warn", state === "blocked" ? "a sink is blocked" : "a sink fails", {
    ...fields,
    state,
    ...named(status),
  });
}

/** `message` is a log line's own field. */
const named = ({ message, ...status }: Omit<SinkStatus, "state">): Fields => ({
  problem: message,
  ...status,
});
