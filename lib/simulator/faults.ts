import type { Random } from "../core/clock.ts";
import {
  type Fault,
  type FaultName,
  faultNames,
  faultTable,
  type Stage,
  type Stages,
} from "./fault-table.ts";

/** The API's own names of its calls. */
export type OperationName = "ListInstances" | "ListBackgroundTasks" | "ShowBackgroundTask" | "CreateToken";

/** When a fault applies. Without limits: to every possible request, except to IAM. */
export interface FaultRule {
  /** Switches itself off after this many hits. */
  readonly times?: number;
  /** Probability of each possible hit, 0 to 1. */
  readonly probability?: number;
  /** Amount in the fault's own unit. */
  readonly amount?: number;
  /** Applies only to requests for this instance. */
  readonly instance?: string;
  /** Applies only to this call. */
  readonly operation?: OperationName;
}

/** Switches faults on and off. */
export interface Faults {
  on(name: FaultName, rule?: FaultRule): void;
  off(name: FaultName): void;
  /** Switches all faults off; the counts stay. */
  clear(): void;
  /** Faults that are on and not used up, in the table's order. */
  active(): readonly FaultName[];
  /** Number of hits. */
  hits(name: FaultName): number;
  /** Called by the server: applies the faults of a stage to the subject, in the table's order. */
  strike<S extends Stage>(stage: S, subject: Stages[S], target: FaultTarget): Stages[S];
}

/** The current request. */
export interface FaultTarget {
  readonly operation: OperationName;
  /** Empty when the call has none. */
  readonly instanceId: string;
  /** Called for each hit. */
  hit(name: FaultName): void;
}

interface Switched {
  readonly rule: FaultRule;
  left: number;
}

/** Creates the simulator's set of switched-on faults. */
export function switchboard(random: Random): Faults {
  const switched = new Map<FaultName, Switched>();
  const counts = new Map<FaultName, number>();

  function strikes(name: FaultName, { operation, instanceId }: FaultTarget): boolean {
    const active = switched.get(name);
    if (active === undefined || active.left <= 0) return false;
    const { rule } = active;
    const isMeant = rule.operation === undefined ? operation !== "CreateToken" : rule.operation === operation;
    if (!isMeant) return false;
    if (rule.instance !== undefined && rule.instance !== instanceId) return false;
    return rule.probability === undefined || random() < rule.probability;
  }

  function count(name: FaultName, target: FaultTarget): void {
    const active = switched.get(name);
    if (active !== undefined) active.left -= 1;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    target.hit(name);
  }

  return {
    on: (name, rule = {}) => {
      switched.set(name, { rule, left: rule.times ?? Number.POSITIVE_INFINITY });
    },
    off: (name) => {
      switched.delete(name);
    },
    clear: () => switched.clear(),
    active: () => faultNames.filter((name) => (switched.get(name)?.left ?? 0) > 0),
    hits: (name) => counts.get(name) ?? 0,
    strike(stage, subject, target) {
      let current = subject;
      for (const name of faultNames) {
        const fault: Fault = faultTable[name];
        if (!isAt(fault, stage) || !strikes(name, target)) continue;
        const amount = switched.get(name)?.rule.amount ?? fault.amount?.usual ?? 0;
        const changed = fault.apply(current, amount);
        if (changed === null) continue;
        count(name, target);
        current = changed;
      }
      return current;
    },
  };
}

const isAt = <S extends Stage>(fault: Fault, stage: S): fault is Fault<S> => fault.stage === stage;
