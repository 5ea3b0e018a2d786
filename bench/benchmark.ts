import { type Spread, spreadOf } from "./statistics.ts";

export type Role = "ours" | "floor" | "peer";

/** The readings of one round of one subject, by figure. */
export type Readings = Readonly<Record<string, number>>;

export interface FigurePlan {
  /** The reading that the figure is computed from. */
  readonly reading: string;
  readonly name: string;
  readonly unit: string;
  /** Target ratio of ours to the floor; `least` where more is better. */
  readonly aim?: { readonly most: number } | { readonly least: number };
  /** Target of our own figure. */
  readonly limit?: { readonly most: number };
  /** Target ratio of ours to the peer. */
  readonly peerAim?: { readonly most: number };
}

export interface Benchmark {
  readonly title: string;
  /** Explains to the page's reader what is compared. */
  readonly about: string;
  readonly rounds: number;
  /** Whether the first round counts, too. @default false */
  readonly isWithoutWarmUp?: boolean;
  readonly figures: readonly FigurePlan[];
  readonly subjects: Readonly<Partial<Record<Role, () => Promise<Readings>>>>;
}

export interface Figure extends FigurePlan {
  readonly ours: Spread;
  readonly floor: Spread | null;
  readonly peer: Spread | null;
  readonly ratioToFloor: number | null;
  readonly ratioToPeer: number | null;
}

/**
 * Runs the subjects in turn, round by round, so that other load on the machine affects all of them. A warm-up round
 * is not counted.
 */
export async function runBenchmark(
  benchmark: Benchmark,
  progress: (text: string) => void,
): Promise<readonly Figure[]> {
  const roles = (["floor", "ours", "peer"] as const).filter((role) => benchmark.subjects[role]);
  const readings = new Map<Role, Readings[]>(roles.map((role) => [role, []]));
  for (let round = benchmark.isWithoutWarmUp ? 1 : 0; round <= benchmark.rounds; round++) {
    progress(`${benchmark.title}: round ${round} of ${benchmark.rounds}`);
    // Each round starts with another subject.
    const order = roles.map((_, place) => roles[(place + round) % roles.length] ?? "ours");
    for (const role of order) {
      const reading = await benchmark.subjects[role]?.();
      if (reading && round > 0) readings.get(role)?.push(reading);
    }
  }
  return benchmark.figures.map((figure) => compare(figure, readings));
}

function compare(figure: FigurePlan, readings: ReadonlyMap<Role, readonly Readings[]>): Figure {
  const sample = (role: Role): Spread | null => {
    const numbers = (readings.get(role) ?? []).flatMap((reading) => reading[figure.reading] ?? []);
    return numbers.length === 0 ? null : spreadOf(numbers);
  };
  const ours = sample("ours");
  if (!ours) throw new Error(`nobody read ${figure.reading} of ${figure.name}`);
  const floor = sample("floor");
  const peer = sample("peer");
  return {
    ...figure,
    ours,
    floor,
    peer,
    ratioToFloor: ratio(ours, floor),
    ratioToPeer: ratio(ours, peer),
  };
}

const ratio = (ours: Spread, other: Spread | null): number | null =>
  other === null || other.median === 0 ? null : ours.median / other.median;
