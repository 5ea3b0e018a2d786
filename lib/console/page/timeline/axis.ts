import { clockTime, dayOnly, hourMinute } from "../format.ts";
import { words } from "../settings.ts";
import type { Palette } from "./palette.ts";
import { type Scale, ticks, xOf } from "./scale.ts";
import { axisHeight, type Box, type ChartScene, laneHeight, lanesInView } from "./scene.ts";

const dayMs = 86_400_000;

/** Lines at the ticks and between the lanes. */
export function drawGrid(context: CanvasRenderingContext2D, scene: ChartScene, palette: Palette): void {
  const { scale, gutter, width, height } = scene;
  context.fillStyle = palette.line;
  for (const ms of ticks(scale, 96).at)
    context.fillRect(Math.round(gutter + xOf(scale, ms)), axisHeight, 1, height);
  for (const [lane, top] of lanesInView(scene)) {
    context.fillRect(0, Math.round(top + laneHeight(lane, gutter)) - 1, width, 1);
  }
}

/** The line of the present. */
export function drawNow(
  context: CanvasRenderingContext2D,
  { scale, gutter, height, nowMs }: ChartScene,
  palette: Palette,
): void {
  const x = Math.round(gutter + xOf(scale, nowMs));
  context.fillStyle = palette.accent;
  context.fillRect(x, axisHeight, 1, height);
}

/** The times above the bars. */
export function drawAxis(context: CanvasRenderingContext2D, scene: ChartScene, palette: Palette): void {
  const { scale, gutter, width, nowMs } = scene;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, width, axisHeight);
  context.fillStyle = palette.line;
  context.fillRect(0, axisHeight - 1, width, 1);
  context.save();
  context.beginPath();
  context.rect(gutter, 0, width - gutter, axisHeight);
  context.clip();
  context.font = `11.5px ${palette.font}`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  const { stepMs, at } = ticks(scale, 96);
  const nowX = gutter + xOf(scale, nowMs);
  for (const ms of at) {
    const x = Math.round(gutter + xOf(scale, ms));
    context.fillStyle = palette["line-strong"];
    context.fillRect(x, axisHeight - 5, 1, 4);
    context.fillStyle = palette.muted;
    if (Math.abs(x - nowX) > 54) context.fillText(tickLabel(ms, stepMs), x, axisHeight / 2 - 1);
  }
  drawNowLabel(context, scale, nowX, palette);
  context.restore();
  context.textAlign = "left";
}

function drawNowLabel(context: CanvasRenderingContext2D, scale: Scale, x: number, palette: Palette): void {
  if (x < -40 || x > scale.width + 400) return;
  const text = words.value.timeline.now;
  context.font = `600 11px ${palette.font}`;
  const width = context.measureText(text).width + 14;
  context.fillStyle = palette.accent;
  rounded(context, { x: x - width / 2, y: 6, width, height: 17 }, 8.5);
  context.fill();
  context.fillStyle = palette["on-tone"];
  context.fillText(text, x, 15);
}

function tickLabel(ms: number, stepMs: number): string {
  if (stepMs >= dayMs) return dayOnly(ms);
  if (stepMs < 60_000) return clockTime(ms);
  const isMidnight = new Date(ms).getHours() === 0 && new Date(ms).getMinutes() === 0;
  return isMidnight ? dayOnly(ms) : hourMinute(ms);
}

/** A path with round corners. */
export function rounded(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: Box,
  radius: number,
): void {
  context.beginPath();
  context.roundRect(x, y, width, height, Math.min(radius, height / 2, width / 2));
}
