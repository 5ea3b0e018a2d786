import { randomBytes } from "node:crypto";
import type { LoadedConfig } from "../config/load.ts";
import { watchedBy } from "../config/watched.ts";
import type { Clock } from "../core/clock.ts";
import { isPlatformType } from "../preview/platforms.ts";
import { logDefect } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";
import type { Bridge } from "../wire/bridge.ts";
import type { BridgeObserver } from "../wire/observer.ts";
import { bridgeActions, type ConsoleAction, deadLetterRows } from "./actions.ts";
import { pageAssets } from "./assets.ts";
import { Feed } from "./feed.ts";
import { MessageFrames } from "./messages.ts";
import { ConsoleModel } from "./model/model.ts";
import { modelObserver } from "./observer.ts";
import type { Meta, SimulatorState } from "./protocol.ts";
import { RecordsReader } from "./records-reader.ts";
import { serveConsole } from "./server.ts";

/** Records are read again this often while a run is under way, milliseconds. */
const readEveryMs = 500;
/** A store that another process writes is read this often while a page is open, milliseconds. */
const lookEveryMs = 5_000;
/** Interval of the sparklines: five minutes of a process of our own, an hour of another one's journal. */
const bucketMs = { demo: 2_000, watch: 10_000, console: 60_000 } as const;

/** The demo's simulator, as the page drives it. */
export interface SimulatorControls {
  readonly actions: Readonly<Record<string, ConsoleAction>>;
  readonly state: () => SimulatorState;
}

/** Options of a console. */
export interface OpenConsoleOptions {
  readonly mode: Meta["mode"];
  /** 0 takes any free port. */
  readonly port: number;
  /** @default a random one */
  readonly token?: string | undefined;
  readonly allowsChanges: boolean;
  /** The simulated API that the page may steer. @default none */
  readonly simulator?: SimulatorControls;
}

/** Parts that a console needs. */
export interface ConsoleDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/** A console that is served. */
export interface Console {
  /** Holds the token. */
  readonly url: string;
  /** Takes in a run of this process. */
  readonly observer: BridgeObserver;
  close(): void;
}

/** Serves the console of a bridge on loopback. Rejects with the system's error when the port is not free. */
export async function openConsole(
  bridge: Bridge,
  { config, sinks }: LoadedConfig,
  { clock, log }: ConsoleDeps,
  options: OpenConsoleOptions,
): Promise<Console> {
  const { mode, allowsChanges, simulator = null } = options;
  const token = options.token ?? randomBytes(24).toString("base64url");
  const meta = (): Meta => ({
    mode,
    store: config.checkpoint.type,
    allowsChanges,
    startedAtMs,
    bucketMs: bucketMs[mode],
    simulator: simulator?.state() ?? null,
  });
  const startedAtMs = clock.now();
  const model = new ConsoleModel(
    meta(),
    Array.from(sinks, ([name, { type }]) => ({ name, type, isChat: isPlatformType(type) })),
    watchedBy(config, {}),
  );
  const reader = new RecordsReader(bridge, model, clock);
  const feed = new Feed(model, clock, randomBytes(6).toString("hex"));
  const changed = <Actions extends Readonly<Record<string, ConsoleAction>>>(actions: Actions): Actions =>
    after(actions, () => {
      model.setMeta(meta());
      reader.touchAll();
    });
  const server = await serveConsole(
    {
      model,
      feed,
      frames: new MessageFrames(sinks),
      assets: await pageAssets(),
      token,
      log,
      actions: changed(bridgeActions(bridge, { clock, log })),
      simulator: changed(simulator?.actions ?? {}),
      deadLetters: (sink) => deadLetterRows(bridge, sink),
    },
    options.port,
  );
  const closing = new AbortController();
  void readOn(reader, feed, { clock, log, mode, signal: closing.signal });

  return {
    url: `http://127.0.0.1:${server.port}/#token=${token}`,
    observer: modelObserver(model, reader, clock),
    close: () => {
      closing.abort();
      feed.close();
      server.close();
    },
  };
}

interface ReadOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly mode: Meta["mode"];
  readonly signal: AbortSignal;
}

/** Keeps the model's records up to date while a page is open. */
async function readOn(
  reader: RecordsReader,
  feed: Feed,
  { clock, log, mode, signal }: ReadOptions,
): Promise<void> {
  const startedMs = clock.now();
  let hasBegun = false;
  while (!signal.aborted) {
    try {
      if (!hasBegun) {
        hasBegun = true;
        // From here on this process tells of itself; another process only by its journal.
        await reader.readJournal(startedMs);
        await reader.touchActive();
      }
      if (feed.isHeard && mode === "console") {
        await reader.readJournal();
        await reader.touchActive();
      }
      if (feed.isHeard) await reader.read();
    } catch (error) {
      logDefect(log, "the console failed to read the records", {}, error);
    }
    await clock.sleep(mode === "console" ? lookEveryMs : readEveryMs, signal);
  }
}

/** Runs `then` after each of the actions. */
const after = <Actions extends Readonly<Record<string, ConsoleAction>>>(
  actions: Actions,
  then: () => void,
): Actions =>
  Object.fromEntries(
    Object.entries(actions).map(([name, action]) => [
      name,
      {
        ...action,
        run: async (input: never) => {
          const result = await action.run(input);
          then();
          return result;
        },
      },
    ]),
  ) as Actions;
