import type { Benchmark, Readings } from "../benchmark.ts";
import { measured } from "../child.ts";
import { serveTable } from "../servers/table.ts";
import { serveTasks } from "../servers/tasks.ts";
import { type BenchmarkSetup, peerEnvironment } from "./setup.ts";

const warmUps = 100;

/** Warm runs without changes, compared with a bare GET: most runs are like this. */
export async function idleBenchmark(setup: BenchmarkSetup): Promise<Benchmark> {
  const { subject, peer, rounds } = await idleSubjects(setup);
  return {
    title: "Idle warm poll",
    about:
      "A warm run over one stream in which nothing changed. Floor: a bare undici GET and JSON.parse of the same page. Peer: the same handler on the official clients, warm.",
    rounds,
    figures: [
      { name: "idle-cpu", reading: "cpuUs", unit: "µs of CPU" },
      { name: "idle-requests", reading: "requests", unit: "requests", aim: { most: 1 } },
      { name: "idle-store-calls", reading: "storeCalls", unit: "store calls" },
    ],
    subjects: { floor: () => subject("floor"), ours: () => subject("ours"), peer },
  };
}

/** Warm runs without changes, compared with a signed GET: shows the signature's share. */
export async function signedBenchmark(setup: BenchmarkSetup): Promise<Benchmark> {
  const { subject, rounds } = await idleSubjects(setup);
  return {
    title: "Idle warm poll, to a signed GET",
    about: "The same run. Floor: the same GET with the headers that the API asks for, signed.",
    rounds,
    figures: [{ name: "idle-cpu-to-signed", reading: "cpuUs", unit: "µs of CPU", aim: { most: 1.2 } }],
    subjects: { floor: () => subject("signed"), ours: () => subject("ours") },
  };
}

async function idleSubjects({ bundles, isQuick, onEnd }: BenchmarkSetup) {
  // Within the lookback, as an API returns them that keeps to the begin of the window.
  const times = { startMs: Date.now() - 60_000, stepMs: 1_000 };
  const [tasks, table] = await Promise.all([serveTasks(10, times), serveTable()]);
  onEnd(() => Promise.all([tasks.close(), table.close()]));
  const runs = isQuick ? 20 : 1_000;
  /** Divides the readings by the number of runs. */
  const each = async (run: Promise<Readings>): Promise<Readings> => {
    const before = { requests: tasks.requests(), calls: table.calls() };
    const { cpuMs = 0 } = await run;
    const all = runs + warmUps;
    return {
      cpuUs: (cpuMs / runs) * 1_000,
      requests: Math.round((tasks.requests() - before.requests) / all),
      storeCalls: Math.round((table.calls() - before.calls) / all),
    };
  };
  const subject = (mode: string) =>
    each(measured([bundles.subject("idle"), mode, tasks.origin, table.origin, String(runs)], {}));
  return {
    subject,
    peer: () =>
      each(
        measured([bundles.peer("idle")], {
          ...peerEnvironment(tasks.origin, table.origin),
          RUNS: String(runs),
        }),
      ),
    rounds: isQuick ? 1 : 9,
  };
}
