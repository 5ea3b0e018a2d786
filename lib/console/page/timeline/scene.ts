import type { TaskRow } from "../../protocol.ts";
import type { Lane, PlacedBar } from "./rows.ts";
import { type Scale, xOf } from "./scale.ts";

export const axisHeight = 30;
const lanePadding = 9;
/** Height of a lane's name above its bars, where there is no column for it. */
const nameHeight = 26;
export const smallestBar = 3;
/** Room for a bar's shape. */
export const glyphBar = 18;

/** Shapes to draw, with their positions. */
export interface ChartScene {
  readonly lanes: readonly Lane[];
  /** Of the bars alone, right of the column of names. */
  readonly scale: Scale;
  /** Width of the column of names; 0 where they stand above the bars. */
  readonly gutter: number;
  readonly width: number;
  readonly height: number;
  readonly scrollTop: number;
  readonly nowMs: number;
}

/** A rectangle on the canvas. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const nameRoom = (gutter: number): number => (gutter === 0 ? nameHeight : 0);

export const laneHeight = (lane: Lane, gutter: number): number =>
  Math.max(lane.rows * lane.rowHeight + 2 * lanePadding + nameRoom(gutter), gutter > 0 ? 58 : 0);

export const sceneHeight = (lanes: readonly Lane[], gutter: number): number =>
  axisHeight + lanes.reduce((sum, lane) => sum + laneHeight(lane, gutter), 0);

/** Each lane with its top on the canvas, those in view alone. */
export function* lanesInView({
  lanes,
  gutter,
  height,
  scrollTop,
}: ChartScene): Generator<readonly [Lane, number]> {
  let top = axisHeight - scrollTop;
  for (const lane of lanes) {
    const next = top + laneHeight(lane, gutter);
    if (next > axisHeight && top < height) yield [lane, top];
    top = next;
  }
}

/** Position of a bar. */
export function boxOf({ task, row }: PlacedBar, lane: Lane, top: number, scene: ChartScene): Box {
  const { scale, gutter, nowMs } = scene;
  const x = gutter + xOf(scale, task.createdAtMs);
  const end = gutter + xOf(scale, task.endedAtMs ?? Math.max(nowMs, task.createdAtMs));
  const gap = lane.rowHeight >= 24 ? 6 : lane.rowHeight >= 10 ? 3 : 1;
  return {
    x,
    y: top + lanePadding + nameRoom(gutter) + row * lane.rowHeight,
    width: Math.max(end - x, lane.isLabelled ? glyphBar : smallestBar),
    height: lane.rowHeight - gap,
  };
}

/** The bar at a point, with the room of its name; null where there is none. */
export function barAt(
  scene: ChartScene,
  x: number,
  y: number,
  labelWidth: (task: TaskRow) => number,
): PlacedBar | null {
  if (y < axisHeight || x < scene.gutter) return null;
  for (const [lane, top] of lanesInView(scene)) {
    if (y < top || y >= top + laneHeight(lane, scene.gutter)) continue;
    return (
      lane.bars.findLast((bar) => {
        const box = boxOf(bar, lane, top, scene);
        const room = lane.isLabelled ? labelWidth(bar.task) : 2;
        return y >= box.y - 2 && y < box.y + box.height + 2 && x >= box.x - 2 && x < box.x + box.width + room;
      }) ?? null
    );
  }
  return null;
}
