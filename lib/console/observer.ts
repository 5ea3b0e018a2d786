import type { Clock } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";
import type { BridgeObserver } from "../wire/observer.ts";
import type { ConsoleModel } from "./model/model.ts";
import { addStream, type RecordsReader } from "./records-reader.ts";

/** Takes the work of this process's bridge into the model. */
export const modelObserver = (model: ConsoleModel, reader: RecordsReader, clock: Clock): BridgeObserver => ({
  requested: ({ stream, failure }) => {
    if (stream === null) return;
    addStream(model, stream, null);
    model.requested(stream, failure !== null);
  },
  listed: (stream, name, page) => {
    addStream(model, stream, name);
    model.listed(stream, page.tasks, clock.now());
    if (!reader.has(stream)) reader.touch(stream);
  },
  committed: (stream, event) => {
    addStream(model, stream, event.data.instance.name ?? null);
    model.committed(stream, event, clock.now());
    reader.touch(stream);
  },
  attempted: (attempt) => {
    model.attempted(attempt);
    reader.touch(attempt.stream);
  },
  ran: ({ streams }) => {
    for (const { key, name, error } of streams) {
      addStream(model, key as StreamKey, name);
      model.polled(key as StreamKey, error, clock.now());
    }
  },
});
