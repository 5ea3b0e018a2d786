import type { Sink, SinkDeps, SinkModule } from "../../lib/sinks/sink.ts";
import { type Answering, type Loopback, type Seen, type ServerReply, serve } from "../harness/http.ts";
import { sampleDeps, sinkOf } from "../sinks/sample.ts";
import type { HttpSetup } from "./http.ts";
import type { Setup, Trial } from "./sink.ts";

type Options = Readonly<Record<string, unknown>>;

/** A service over HTTP, for its emulator and the tests of its sink. */
export interface Service {
  readonly module: SinkModule;
  /** Options of its sink, except for the address. */
  readonly options: Options;
  /** The options that send a sink's requests to `origin`. */
  at(origin: string): Options;
  /** @default only the environment in the sink's dependencies */
  readonly environment?: SinkDeps["environment"];
  /** The events of a request; where it shows no ids, the sample events whose tasks it names. */
  events(request: Seen): readonly { readonly id: string }[];
  /** Takes every event. */
  answer(request: Seen): ServerReply;
  /** Its own ways to fail, by their names; those of any service come on top. */
  readonly failures: Readonly<Record<string, Answering>>;
  /** Texts that no result and no log line may hold. */
  readonly secrets: readonly string[];
}

/** A service's sink, its requests sent to `origin`. */
export const sinkAt = (
  { module, options, at, environment }: Service,
  origin: string,
  more: Options = {},
  deps: SinkDeps = sampleDeps,
): Sink =>
  sinkOf(
    module,
    { ...options, ...at(origin), ...more },
    { ...deps, environment: { ...environment, ...deps.environment } },
  );

/** A sink before an emulator that answers as told, or takes all. */
export async function trial(
  service: Service,
  answering: Answering = service.answer,
  more: Options = {},
  deps: SinkDeps = sampleDeps,
): Promise<Loopback & { readonly sink: Sink }> {
  const server = await serve(answering);
  return { ...server, sink: sinkAt(service, server.origin, more, deps) };
}

const idsIn = ({ events }: Service, seen: readonly Seen[]): readonly string[] =>
  seen.flatMap(events).map(({ id }) => id);

/** The setup for the contract of all sinks. */
export function serviceSetup(service: Service): Setup {
  const { failures, secrets } = service;
  const before =
    (answering: Answering, more: Options = {}) =>
    async (deps: SinkDeps): Promise<Trial> => {
      const { sink, seen } = await trial(service, answering, more, deps);
      return { sink, arrived: () => idsIn(service, seen) };
    };
  const unreached =
    (origin: string, more: Options = {}) =>
    async (deps: SinkDeps): Promise<Trial> => ({
      sink: sinkAt(service, origin, more, deps),
      arrived: () => [],
    });
  return {
    working: before(service.answer),
    failing: {
      ...Object.fromEntries(Object.entries(failures).map(([name, answering]) => [name, before(answering)])),
      "a service that never answers": before("hang", { timeout: "50ms" }),
      "a broken connection": before("drop"),
      "a refused connection": unreached("http://127.0.0.1:1"),
      ...("allowPrivateNetwork" in service.at("") && {
        "an address that is not open": unreached("https://10.1.2.3", { allowPrivateNetwork: false }),
      }),
    },
    secrets,
  };
}

/** The service behind a gateway. */
export const serviceHttpSetup = (service: Service): HttpSetup => ({
  through: (gateway) => async (deps) => {
    const { origin, seen } = await serve(service.answer);
    return {
      sink: sinkAt(service, await gateway(origin), {}, deps),
      arrived: () => idsIn(service, seen),
    };
  },
});
