import type { TaskRow } from "../../protocol.ts";

/** A bar in its row. */
export interface PlacedBar {
  readonly task: TaskRow;
  readonly row: number;
}

/** One instance's bars. */
export interface Lane {
  readonly stream: string;
  readonly bars: readonly PlacedBar[];
  readonly rows: number;
  readonly open: number;
  readonly rowHeight: number;
  /** Whether names are shown beside short bars. */
  readonly isLabelled: boolean;
}

/** Measures that decide which bars fit into one row, in pixels. */
export interface Measures {
  readonly pxPerMs: number;
  readonly minWidth: number;
  readonly gap: number;
  labelWidth(task: TaskRow): number;
}

/** Beyond these rows a lane has smaller bars and no names. */
const labelledRows = 10;
const maxRows = 64;

/** Groups tasks by instance, and puts each instance's bars into as few rows as fit. `tasks` are sorted by creation. */
export function lanesOf(
  tasks: readonly TaskRow[],
  order: readonly string[],
  measures: Measures,
): readonly Lane[] {
  const byStream = Map.groupBy(tasks, ({ stream }) => stream);
  const streams = [...new Set([...order, ...byStream.keys()])].filter((stream) => byStream.has(stream));
  return streams.map((stream) => laneOf(stream, byStream.get(stream) ?? [], measures));
}

function laneOf(stream: string, tasks: readonly TaskRow[], measures: Measures): Lane {
  const labelled = placed(tasks, measures);
  const isLabelled = labelled.rows <= labelledRows;
  const { bars, rows } = isLabelled ? labelled : placed(tasks, { ...measures, labelWidth: () => 0 });
  const open = tasks.reduce((sum, { endedAtMs }) => sum + (endedAtMs === null ? 1 : 0), 0);
  return {
    stream,
    bars,
    rows,
    open,
    isLabelled,
    rowHeight: isLabelled ? 26 : rows <= 16 ? 16 : rows <= 32 ? 10 : 6,
  };
}

/** First fit: each bar goes into the first row that is free. An open bar has no end yet, so that it never meets another. */
function placed(
  tasks: readonly TaskRow[],
  { pxPerMs, minWidth, gap, labelWidth }: Measures,
): { readonly bars: readonly PlacedBar[]; readonly rows: number } {
  const ends: number[] = [];
  const bars = tasks.map((task) => {
    const from = task.createdAtMs * pxPerMs;
    const found = ends.findIndex((end) => end <= from);
    const row = found >= 0 ? found : Math.min(ends.length, maxRows - 1);
    const until = task.endedAtMs === null ? Number.POSITIVE_INFINITY : lastMs(task) * pxPerMs;
    ends[row] = Math.max(ends[row] ?? 0, Math.max(until, from + minWidth) + labelWidth(task) + gap);
    return { task, row };
  });
  return { bars, rows: Math.max(1, ends.length) };
}

/** The end of the bar or of its ghost. */
const lastMs = ({ createdAtMs, endedAtMs, typicalMs }: TaskRow): number =>
  Math.max(endedAtMs ?? createdAtMs, createdAtMs + (typicalMs ?? 0));
