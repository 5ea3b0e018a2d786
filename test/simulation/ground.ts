import { type SinkName, type Stream, type StreamKey, sinkName, streamKey } from "../../lib/core/names.ts";
import type { DeadLetter } from "../../lib/delivery/dead-letters.ts";
import { FaultCounts } from "./faults.ts";
import { History } from "./history.ts";
import { Loop } from "./loop.ts";
import { calmApi, type SimulationScenario, type TroubledSink, troubledSinks } from "./scenario.ts";
import type { SinkMode } from "./sinks.ts";
import type { ApiTrouble, SimulatedApi } from "./source.ts";
import { Records } from "./store.ts";
import type { Variant } from "./variant.ts";
import { SimulatedWorld } from "./world.ts";

export const startMs = Date.UTC(2026, 0, 1, 12);
export const steady = sinkName("steady");

/** What the runs of one history share, and what its steps change. */
export interface Ground {
  readonly scenario: SimulationScenario;
  readonly variant: Variant;
  readonly loop: Loop;
  readonly faults: FaultCounts;
  readonly history: History;
  readonly world: SimulatedWorld;
  readonly api: SimulatedApi;
  readonly records: Records;
  readonly letters: Map<string, DeadLetter>;
  readonly streams: readonly Stream[];
  readonly modes: Map<TroubledSink, SinkMode>;
  readonly present: Set<TroubledSink>;
  /** Sinks that were there all along, and may be asked for everything. */
  readonly faithful: Set<SinkName>;
  /** The kind of event that the sink with a filter wants. */
  wants: string;
  trouble: ApiTrouble;
  storeIsDown: boolean;
  lettersAreDown: boolean;
  clockOffsetMs: number;
  runs: number;
}

export function groundOf(scenario: SimulationScenario, variant: Variant, keepLines: boolean): Ground {
  const { settings } = scenario;
  const loop = new Loop(startMs);
  const faults = new FaultCounts();
  const history = new History(keepLines);
  history.pickySinks.add(sinkName("picky"));
  // The window's begin is cut down to its second, and so may be the newest creation.
  const world = new SimulatedWorld(faults, settings.lookbackMs - 2_000);
  if (settings.apiSkewMs !== 0) faults.hit("api: clock differs");
  return {
    scenario,
    variant,
    loop,
    faults,
    history,
    world,
    api: { world, pageSize: settings.pageSize, skewMs: settings.apiSkewMs, nowMs: () => loop.nowMs },
    records: new Records(),
    letters: new Map(),
    streams: Array.from({ length: settings.streams }, (_, index) => ({
      engine: "rabbitmq",
      region: "cn-north-4",
      projectId: "p1",
      instanceId: `i${index + 1}`,
    })),
    modes: new Map(),
    present: new Set(troubledSinks),
    faithful: new Set([steady, ...troubledSinks.map(sinkName)]),
    wants: "executing",
    trouble: calmApi,
    storeIsDown: false,
    lettersAreDown: false,
    clockOffsetMs: 0,
    runs: 0,
  };
}

/** The sinks configured at this moment. */
export const sinksOf = ({ present }: Ground): readonly SinkName[] => [steady, ...present].map(sinkName);

export function keyOf({ streams }: Ground, index: number): StreamKey {
  const stream = streams[index];
  if (!stream) throw new Error("no such stream");
  return streamKey(stream);
}
