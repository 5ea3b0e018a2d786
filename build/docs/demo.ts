import { writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { demo } from "../../lib/cli/commands/demo/demo.ts";
import type { Screen } from "../../lib/cli/screen/output.ts";
import { type Line, textOf, visible } from "../../lib/cli/screen/text.ts";
import { systemClock } from "../../lib/core/clock.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { escapeHtml } from "../../lib/text/html.ts";

// `npm run docs:demo` records `demo --once` as docs/demo.svg: ten seconds of real output, played in a loop by CSS alone.

/** A line of the demo and the instant at which it was printed. */
interface Printed {
  readonly line: Line;
  readonly atMs: number;
}

const columns = 90;
const rows = 22;
const rowPixels = 20;
const columnPixels = 8.43;
const margin = 16;
const barPixels = 34;
/** The play is shown as long as it took, but nothing waits longer than this. */
const longestPauseMs = 700;
/** The result stays before the play begins anew. */
const restMs = 5_000;
const command: Line = [
  ["dim", "$ "],
  ["bold", "npm run demo -- --once"],
];

/** Runs the demo once on a terminal of 90 columns. */
async function record(): Promise<readonly Printed[]> {
  const printed: Printed[] = [{ line: command, atMs: systemClock.now() }];
  const refuse = (): never => {
    throw new Error("the demo printed something else than lines");
  };
  const line = (...spans: Line) => void printed.push({ line: spans, atMs: systemClock.now() });
  const out = {
    command: "dms-task-bridge",
    isTerminal: true,
    columns,
    line,
    fitted: line,
    table: refuse,
    json: refuse,
    raw: refuse,
  };
  const screen: Screen = { out, err: { ...out, line: refuse, fitted: refuse }, status: () => {} };
  const { signal } = new AbortController();
  const context = { configFile: null, json: false, folder: ".", environment: {}, input: Readable.from([]) };
  const parts = {
    screen,
    output: process.stdout,
    clock: systemClock,
    random: seededRandom(7),
    log: refuse,
    stop: signal,
    abandon: signal,
  };
  if ((await demo({ ...context, ...parts }, { once: true })) !== 0)
    throw new Error("the demo lost something");
  return printed;
}

/** A moving picture of the lines: a window that scrolls, and a curtain over what is not printed yet. */
function movie(printed: readonly Printed[]): string {
  const instants = compressed(printed.map(({ atMs }) => atMs));
  const totalMs = (instants.at(-1) ?? 0) + restMs;
  const steps = printed
    .map((_, index) => ({ shown: index + 1, at: ((100 * (instants[index] ?? 0)) / totalMs).toFixed(1) }))
    .filter(({ at }, index, all) => all[index + 1]?.at !== at);
  const frames = (pixels: (shown: number) => number): string =>
    steps.map(({ shown, at }) => `${at}%{transform:translateY(${pixels(shown)}px)}`).join("");
  const curtain = (shown: number): number => shown * rowPixels;
  const scroll = (shown: number): number => Math.min(0, rows - shown) * rowPixels;
  const width = Math.round(columns * columnPixels) + 2 * margin;
  const height = rows * rowPixels + barPixels + 2 * margin;
  const texts = printed.map(
    ({ line }, index) => `<text y="${index * rowPixels + 15}">${line.map(drawn).join("")}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Recording of the demo">
<style>
svg{color-scheme:light dark;--page:#fff;--bar:#f3f4f6;--edge:#d0d7de;--ink:#1f2328;--dim:#656d76;--red:#cf222e;--green:#1a7f37;--yellow:#8a5a00;--cyan:#0b6bcb}
@media(prefers-color-scheme:dark){svg{--page:#0d1117;--bar:#161b22;--edge:#30363d;--ink:#e6edf3;--dim:#8d96a0;--red:#ff7b72;--green:#3fb950;--yellow:#d29922;--cyan:#58a6ff}}
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--ink);white-space:pre}
.title{text-anchor:middle}.bold{font-weight:700}.dim{fill:var(--dim)}.red{fill:var(--red)}.green{fill:var(--green)}.yellow{fill:var(--yellow)}.cyan{fill:var(--cyan)}
.page{fill:var(--page)}.bar{fill:var(--bar)}.edge{fill:none;stroke:var(--edge)}
.lines{transform:translateY(${scroll(printed.length)}px);animation:scroll ${totalMs}ms step-end infinite}
.curtain{transform:translateY(${curtain(printed.length)}px);animation:curtain ${totalMs}ms step-end infinite}
@keyframes scroll{${frames(scroll)}}
@keyframes curtain{${frames(curtain)}}
@media(prefers-reduced-motion:reduce){.lines,.curtain{animation:none}}
</style>
<rect class="page" width="${width}" height="${height}" rx="10"/>
<path class="bar" d="M0 ${barPixels}V10a10 10 0 0 1 10-10H${width - 10}a10 10 0 0 1 10 10V${barPixels}z"/>
<text class="dim title" x="${width / 2}" y="22">dms-task-bridge</text>
<g class="edge"><circle cx="20" cy="17" r="5.5"/><circle cx="40" cy="17" r="5.5"/><circle cx="60" cy="17" r="5.5"/></g>
<svg aria-hidden="true" x="${margin}" y="${barPixels + margin}" width="${width - 2 * margin}" height="${rows * rowPixels}">
<g class="lines">
${texts.join("\n")}
<rect class="page curtain" width="${width}" height="${printed.length * rowPixels}"/>
</g>
</svg>
<rect class="edge" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="9.5"/>
</svg>
`;
}

/** Milliseconds from the first instant, without what is over the longest pause. */
function compressed(instants: readonly number[]): readonly number[] {
  let total = 0;
  return instants.map((instant, index) => {
    total += Math.min(longestPauseMs, instant - (instants[index - 1] ?? instant));
    return total;
  });
}

function drawn(span: Line[number]): string {
  const text = escapeHtml(visible(textOf(span)));
  return typeof span === "string" ? text : `<tspan class="${span[0]}">${text}</tspan>`;
}

/** The words of a recording without instants, numbers, ids and the order of lines: equal for each run of one scenario. */
export const demoWords = (output: string): readonly string[] =>
  output
    .split("\n")
    .map((line) =>
      line
        .replace(/\b[0-9a-f]{6}\b/g, "ID")
        .replace(/\+?\d[\d.]* ?m?s\b/g, "TIME")
        .replace(/\d+/g, "N")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .filter((line) => line !== "")
    .sort();

/** The text of a moving picture, a line each, without the command. */
export const textsIn = (svg: string): string =>
  Array.from(svg.matchAll(/<text y=[^>]*>(.*)<\/text>/g), ([, line = ""]) => line.replace(/<[^>]*>/g, ""))
    .slice(1)
    .join("\n")
    .replaceAll("&gt;", ">");

if (import.meta.main) await writeFile(new URL("../../docs/demo.svg", import.meta.url), movie(await record()));
