import type { TaskRow } from "../../protocol.ts";
import { plain } from "../format.ts";
import { instanceName } from "../state.ts";
import { kindOfTask, type Look, lookOfKind } from "../status.ts";
import { drawAxis, drawGrid, drawNow, rounded } from "./axis.ts";
import { type Palette, softOf } from "./palette.ts";
import type { Lane, PlacedBar } from "./rows.ts";
import { xOf } from "./scale.ts";
import { axisHeight, type Box, boxOf, type ChartScene, laneHeight, lanesInView } from "./scene.ts";

/** Which bars stand out. */
export interface Marked {
  readonly hovered: string | null;
  readonly selected: string | null;
}

const maxLabelCharacters = 32;

/** Draws the whole timeline. Called for each frame in which something moved. */
export function drawTimeline(
  context: CanvasRenderingContext2D,
  scene: ChartScene,
  palette: Palette,
  marked: Marked,
): void {
  const { width, height, gutter } = scene;
  context.clearRect(0, 0, width, height);
  drawGrid(context, scene, palette);
  context.save();
  context.beginPath();
  context.rect(gutter, axisHeight, width - gutter, height - axisHeight);
  context.clip();
  for (const [lane, top] of lanesInView(scene)) drawBars(context, { lane, top, scene, palette, marked });
  drawNow(context, scene, palette);
  context.restore();
  drawNames(context, scene, palette);
  drawAxis(context, scene, palette);
}

interface LanePart {
  readonly lane: Lane;
  readonly top: number;
  readonly scene: ChartScene;
  readonly palette: Palette;
  readonly marked: Marked;
}

function drawBars(context: CanvasRenderingContext2D, part: LanePart): void {
  const { lane, top, scene, palette, marked } = part;
  const right = scene.width;
  for (const bar of lane.bars) {
    const { task } = bar;
    const box = boxOf(bar, lane, top, scene);
    const ghostEnd =
      task.typicalMs === null ? 0 : scene.gutter + xOf(scene.scale, task.createdAtMs + task.typicalMs);
    const reach = Math.max(box.x + box.width, ghostEnd);
    if (box.x > right || reach < scene.gutter || box.y > scene.height || box.y + box.height < axisHeight)
      continue;
    const look = lookOfKind(kindOfTask(task));
    if (!lane.isLabelled) {
      context.fillStyle = palette[look.tone];
      context.fillRect(box.x, box.y, box.width, box.height);
    } else drawBar(context, { bar, box, ghostEnd, look, scene, palette });
    if (task.key === marked.selected || task.key === marked.hovered) {
      context.strokeStyle = task.key === marked.selected ? palette.accent : palette.text;
      context.lineWidth = task.key === marked.selected ? 2 : 1;
      rounded(context, { x: box.x - 2, y: box.y - 2, width: box.width + 4, height: box.height + 4 }, 6);
      context.stroke();
    }
  }
}

interface BarPart {
  readonly bar: PlacedBar;
  readonly box: Box;
  readonly ghostEnd: number;
  readonly look: Look;
  readonly scene: ChartScene;
  readonly palette: Palette;
}

function drawBar(
  context: CanvasRenderingContext2D,
  { bar, box, ghostEnd, look, scene, palette }: BarPart,
): void {
  const { task } = bar;
  if (ghostEnd > box.x + box.width + 2) drawGhost(context, box, ghostEnd, palette);
  context.fillStyle = palette[look.tone];
  rounded(context, box, 4);
  context.fill();
  drawQueued(context, { task, box, look, scene, palette });
  if (ghostEnd > box.x + glyphRoom && ghostEnd < box.x + box.width - 2) {
    context.fillStyle = palette["on-tone"];
    context.globalAlpha = 0.55;
    context.fillRect(Math.round(ghostEnd), box.y + 3, 1.5, box.height - 6);
    context.globalAlpha = 1;
  }
  const visibleX = Math.max(box.x, scene.gutter + 2);
  const isInside = box.x + box.width - visibleX > labelWidth(context, task) + glyphRoom;
  const isQueued = task.status === "CREATED" && look.tone === "run";
  drawGlyph(context, look, Math.min(visibleX + 2, box.x + box.width - 16), box.y + box.height / 2 - 8, {
    colour: isQueued ? palette.run : palette["on-tone"],
  });
  context.font = labelFont(palette.font);
  context.textBaseline = "middle";
  context.fillStyle = isInside ? (isQueued ? palette.run : palette["on-tone"]) : palette.text;
  const labelX = isInside ? visibleX + glyphRoom : Math.max(box.x + box.width, ghostEnd) + 7;
  context.fillText(labelOf(task), labelX, box.y + box.height / 2 + 0.5);
}

const glyphRoom = 20;

function drawGhost(context: CanvasRenderingContext2D, box: Box, ghostEnd: number, palette: Palette): void {
  context.strokeStyle = palette["line-strong"];
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  rounded(context, { x: box.x + 0.5, y: box.y + 0.5, width: ghostEnd - box.x, height: box.height - 1 }, 4);
  context.stroke();
  context.setLineDash([]);
}

interface QueuedPart extends Pick<BarPart, "box" | "look" | "scene" | "palette"> {
  readonly task: TaskRow;
}

/** The part of a bar in which its task waited to be executed is pale. */
function drawQueued(
  context: CanvasRenderingContext2D,
  { task, box, look, scene, palette }: QueuedPart,
): void {
  const [first, second] = task.steps;
  if (first?.status !== "CREATED") return;
  const until = second ? scene.gutter + xOf(scene.scale, second.atMs) : box.x + box.width;
  const width = Math.min(until, box.x + box.width) - box.x;
  if (second && width < glyphRoom) return;
  context.save();
  rounded(context, box, 4);
  context.clip();
  context.fillStyle = palette.surface;
  context.fillRect(box.x, box.y, width, box.height);
  context.fillStyle = palette[softOf(look.tone)];
  context.fillRect(box.x, box.y, width, box.height);
  context.restore();
  context.strokeStyle = palette[look.tone];
  context.lineWidth = 1;
  rounded(context, { x: box.x + 0.5, y: box.y + 0.5, width: box.width - 1, height: box.height - 1 }, 4);
  context.stroke();
}

/** Names of the instances: in their column, or above their bars. */
function drawNames(context: CanvasRenderingContext2D, scene: ChartScene, palette: Palette): void {
  const { gutter, height, width } = scene;
  if (gutter > 0) {
    context.fillStyle = palette.surface;
    context.fillRect(0, axisHeight, gutter, height);
    context.fillStyle = palette.line;
    context.fillRect(gutter - 1, axisHeight, 1, height);
  }
  context.textBaseline = "alphabetic";
  for (const [lane, top] of lanesInView(scene)) {
    const room = gutter > 0 ? gutter - 32 : width - 120;
    const engine = lane.stream.split("/", 1)[0] ?? "";
    context.font = `600 13px ${palette.font}`;
    context.fillStyle = palette.text;
    const y = top + (gutter > 0 ? 27 : 20);
    const name = fitted(context, plain(instanceName(lane.stream)), room);
    context.fillText(name, 16, y);
    const nameWidth = context.measureText(name).width;
    context.font = `12px ${palette.font}`;
    context.fillStyle = palette.muted;
    if (gutter === 0) context.fillText(engine, 16 + nameWidth + 8, y);
    else context.fillText(fitted(context, engine, room), 16, y + 17);
    if (gutter > 0 && laneHeight(lane, gutter) > 57) {
      context.fillStyle = palette.line;
      context.fillRect(0, Math.round(top + laneHeight(lane, gutter)) - 1, gutter, 1);
    }
  }
}

const shapes = new Map<string, Path2D>();

function drawGlyph(
  context: CanvasRenderingContext2D,
  { path, isFilled }: Look,
  x: number,
  y: number,
  { colour }: { readonly colour: string },
): void {
  const shape = shapes.get(path) ?? new Path2D(path);
  shapes.set(path, shape);
  context.save();
  context.translate(x + 1.5, y + 1.5);
  context.scale(0.82, 0.82);
  if (isFilled) {
    context.fillStyle = colour;
    context.fill(shape);
  } else {
    context.strokeStyle = colour;
    context.lineWidth = 2.2;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.stroke(shape);
  }
  context.restore();
}

const labelFont = (font: string): string => `12px ${font}`;

const labels = new Map<string, { readonly text: string; width: number | null }>();
const maxLabels = 5_000;

function kept(name: string): { readonly text: string; width: number | null } {
  const found = labels.get(name);
  if (found) return found;
  if (labels.size > maxLabels) labels.clear();
  const characters = Array.from(plain(name).replace(/\s+/g, " "));
  const isLong = characters.length > maxLabelCharacters;
  const text = isLong ? `${characters.slice(0, maxLabelCharacters - 1).join("")}…` : characters.join("");
  const label = { text, width: null };
  labels.set(name, label);
  return label;
}

const labelOf = ({ name }: TaskRow): string => kept(name).text;

/** Room that a bar's name takes beside it. */
export function labelWidth(context: CanvasRenderingContext2D, { name }: TaskRow): number {
  const label = kept(name);
  if (label.width === null) {
    const font = context.font;
    context.font = labelFont(getComputedStyle(document.body).fontFamily);
    label.width = context.measureText(label.text).width + 16;
    context.font = font;
  }
  return label.width;
}

function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  const characters = Array.from(text).slice(0, 60);
  while (characters.length > 1 && context.measureText(`${characters.join("")}…`).width > width)
    characters.pop();
  return `${characters.join("")}…`;
}
