import type { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import { withoutHidden } from "../text/hidden.ts";
import { fileRefusal } from "./disk/refusal.ts";
import type { Sink, SinkDeps } from "./sink.ts";

/** Schema of the options of a sink of type `console`. */
export const schema = v.strictObject({
  format: v.optional(
    v.pipe(
      v.picklist(["text", "json"], "text or json"),
      v.description("`text` for people, `json` for the whole event."),
    ),
    "text",
  ),
});

/** Checked options of a sink of type `console`. */
export type ConsoleOptions = v.InferOutput<typeof schema>;

/** Writes events to stdout, or the output it is given, one line each. */
export const create = (
  name: SinkName,
  options: ConsoleOptions,
  { output = process.stdout }: SinkDeps,
): Sink => lineSink(name, options, output);

/** A console sink on any stream; closing the sink leaves the stream open. */
export function lineSink(name: SinkName, { format }: ConsoleOptions, output: Writable): Sink {
  const line = format === "json" ? jsonLine : textLine;
  return {
    name,
    batch: { maxEvents: 1_000, maxBytes: 1_048_576 },
    async deliver(events) {
      const result = await write(output, events.map((event) => `${line(event)}\n`).join(""));
      return events.map(() => result);
    },
    // Nothing to wait for: every write has ended when its delivery resolves.
    close: async () => {},
  };
}

const closedCodes: ReadonlySet<unknown> = new Set([
  "EPIPE",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
]);

function write(output: Writable, text: string): Promise<DeliveryResult> {
  return new Promise((resolve, reject) => {
    // The callback reports errors; an unhandled error event would end the process.
    const heard = (): void => {};
    output.on("error", heard);
    output.write(text, (error) => {
      setImmediate(() => output.off("error", heard));
      if (!error) resolve({ kind: "accepted" });
      else if ("code" in error && closedCodes.has(error.code)) {
        resolve({ kind: "blocked", reason: "gone", detail: "the output is closed" });
      } else {
        const refused = fileRefusal(error);
        if (refused) resolve(refused);
        else reject(error);
      }
    });
  });
}

const invisible = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON escapes the C0 control characters; other characters that a terminal acts on are escaped here. */
const jsonLine = (event: CloudEvent): string =>
  JSON.stringify(event).replace(invisible, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join(""),
  );

function textLine({ time, data: { task, change, instance } }: CloudEvent): string {
  const step = change.from === null ? change.to : `${change.from} -> ${change.to}`;
  const place = `${instance.engine}/${instance.name ?? instance.instanceId}`;
  return [time, task.name, step, place, task.id].map(visible).join("  ");
}

/** Text from outside, escaped so that it cannot move the cursor or begin a line. */
const visible = (text: string): string =>
  withoutHidden(stripVTControlCharacters(text)).replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, "\u{fffd}");
