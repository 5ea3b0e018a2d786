import type { TaskRow } from "../../protocol.ts";
import { serverNow } from "../state.ts";
import { drawTimeline, labelWidth } from "./draw.ts";
import { onGestures } from "./gestures.ts";
import { type Palette, readPalette } from "./palette.ts";
import { currentRange, isFollowing } from "./range.ts";
import { type Lane, lanesOf } from "./rows.ts";
import { pixelsPerMs } from "./scale.ts";
import { barAt, type ChartScene, glyphBar, sceneHeight } from "./scene.ts";
import type { Tip } from "./tooltip.tsx";

/** Below this width the instances' names stand above their bars. */
const narrow = 720;
const gutterWidth = 172;

/** The elements that the chart is made of. */
export interface ChartElements {
  /** Scrolls, and takes keys and pointers. */
  readonly box: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  /** As high as everything drawn. */
  readonly spacer: HTMLElement;
}

export interface ChartListener {
  hovered(tip: Tip | null): void;
  /** A task was chosen by key. */
  chosen(task: TaskRow): void;
  opened(task: TaskRow): void;
}

/** Keeps the drawing up to date: on data, size, range, and with time while it follows the present. */
export class Canvas {
  readonly #elements: ChartElements;
  readonly #listener: ChartListener;
  readonly #context: CanvasRenderingContext2D;
  readonly #sizes: ResizeObserver;
  readonly #closing = new AbortController();
  #palette: Palette = readPalette();
  #tasks: readonly TaskRow[] = [];
  #order: readonly string[] = [];
  #lanes: { readonly key: string; readonly lanes: readonly Lane[] } | null = null;
  #hovered: string | null = null;
  #selected: string | null = null;
  #isDirty = true;
  #drawnShift = 0;
  #frame = 0;

  constructor(elements: ChartElements, listener: ChartListener) {
    this.#elements = elements;
    this.#listener = listener;
    const context = elements.canvas.getContext("2d");
    if (!context) throw new Error("this browser has no canvas");
    this.#context = context;
    this.#sizes = new ResizeObserver(() => this.#resize());
    this.#sizes.observe(elements.box);
    onGestures(elements.box, {
      signal: this.#closing.signal,
      scale: () => ({ ...this.#scene().scale, left: this.#scene().gutter }),
      moved: () => this.#touch(),
      pointed: (x, y, open) => this.#point(x, y, open),
      stepped: (by) => this.#step(by),
      entered: () => {
        const task = this.#tasks.find(({ key }) => key === this.#selected);
        if (task) listener.opened(task);
      },
    });
    elements.box.addEventListener("scroll", () => this.#touch(), { signal: this.#closing.signal });
    this.#resize();
    const loop = (): void => {
      this.#frame = requestAnimationFrame(loop);
      this.#draw();
    };
    loop();
  }

  setTasks(tasks: readonly TaskRow[], order: readonly string[]): void {
    this.#tasks = tasks;
    this.#order = order;
    this.#lanes = null;
    this.#touch();
  }

  select(key: string | null): void {
    this.#selected = key;
    this.#touch();
  }

  /** After a change of colours or words. */
  repaint(): void {
    this.#palette = readPalette();
    this.#touch();
  }

  close(): void {
    this.#closing.abort();
    this.#sizes.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  #touch(): void {
    this.#isDirty = true;
  }

  #resize(): void {
    const { box, canvas } = this.#elements;
    const { clientWidth: width, clientHeight: height } = box;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#lanes = null;
    this.#isDirty = true;
    this.#draw();
  }

  #scene(): ChartScene {
    const { box } = this.#elements;
    const { clientWidth: width, clientHeight: height, scrollTop } = box;
    const gutter = width < narrow ? 0 : gutterWidth;
    const nowMs = serverNow();
    const scale = { ...currentRange(nowMs), width: width - gutter };
    return { lanes: this.#laneRows(pixelsPerMs(scale)), scale, gutter, width, height, scrollTop, nowMs };
  }

  /** Rows depend on the zoom and the tasks, not on the range: panning puts no bar elsewhere. */
  #laneRows(pxPerMs: number): readonly Lane[] {
    const key = pxPerMs.toPrecision(8);
    if (this.#lanes?.key === key) return this.#lanes.lanes;
    const lanes = lanesOf(this.#tasks, this.#order, {
      pxPerMs,
      minWidth: glyphBar,
      gap: 4,
      labelWidth: (task) => labelWidth(this.#context, task),
    });
    this.#lanes = { key, lanes };
    this.#elements.spacer.style.height = `${Math.max(sceneHeight(lanes, this.#gutter), 1)}px`;
    return lanes;
  }

  get #gutter(): number {
    return this.#elements.box.clientWidth < narrow ? 0 : gutterWidth;
  }

  /** Draws when something changed, or when the present has moved by a part of a pixel. */
  #draw(): void {
    const scene = this.#scene();
    const shift = scene.nowMs * pixelsPerMs(scene.scale);
    const hasMoved = Math.abs(shift - this.#drawnShift) > (isFollowing.peek() ? 0.2 : 1);
    if (!this.#isDirty && !hasMoved) return;
    this.#isDirty = false;
    this.#drawnShift = shift;
    drawTimeline(this.#context, scene, this.#palette, { hovered: this.#hovered, selected: this.#selected });
  }

  #point(x: number, y: number, open: boolean): void {
    const scene = this.#scene();
    const found = barAt(scene, x, y, (task) => labelWidth(this.#context, task))?.task ?? null;
    this.#elements.box.style.cursor = found ? "pointer" : "";
    if (this.#hovered !== (found?.key ?? null)) this.#touch();
    this.#hovered = found?.key ?? null;
    this.#listener.hovered(found && !open ? { task: found, x, y, width: scene.width } : null);
    if (found && open) this.#listener.opened(found);
  }

  /** Chooses the next task in time that the range shows, or the previous one. */
  #step(by: 1 | -1): void {
    const { scale } = this.#scene();
    const inRange = this.#tasks.filter(
      ({ createdAtMs, endedAtMs }) =>
        createdAtMs <= scale.endMs && (endedAtMs ?? Number.POSITIVE_INFINITY) >= scale.startMs,
    );
    const at = inRange.findIndex(({ key }) => key === this.#selected);
    const next = inRange[at < 0 ? (by > 0 ? 0 : inRange.length - 1) : at + by];
    if (!next) return;
    this.#selected = next.key;
    this.#listener.chosen(next);
    this.#touch();
  }
}
