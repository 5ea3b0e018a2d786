import { markdownTable } from "../build/docs/table.ts";
import type { Benchmark, Figure } from "./benchmark.ts";
import type { Spread } from "./statistics.ts";

export interface Result {
  readonly benchmark: Benchmark;
  readonly figures: readonly Figure[];
}

/** One line of `--json` output. */
export const figureJson = ({ name, unit, ours, floor, peer, ratioToFloor, ratioToPeer }: Figure): object => ({
  name,
  unit,
  ours: ours.median,
  floor: floor?.median ?? null,
  peer: peer?.median ?? null,
  ratioToFloor,
  ratioToPeer,
});

/** The part of the page between its markers, as Markdown. */
export function markdown(held: readonly Result[]): string {
  return held
    .map(({ benchmark: { title, about, rounds }, figures }) => {
      const rows = figures.map((figure) => [
        `\`${figure.name}\``,
        figure.unit,
        oursText(figure),
        spreadText(figure.floor),
        spreadText(figure.peer),
        ratioText(figure.ratioToFloor, figure.aim),
        ratioText(figure.ratioToPeer, figure.peerAim),
      ]);
      const header = ["Figure", "Unit", "Ours", "Floor", "Peer", "Ours to floor", "Ours to peer"];
      return `### ${title}\n\n${about} ${rounds} rounds.\n\n${markdownTable([header, ...rows])}`;
    })
    .join("\n\n");
}

function oursText({ ours, limit }: Figure): string {
  if (!limit) return spreadText(ours);
  return `${spreadText(ours)}, aim at most ${limit.most}${ours.median > limit.most ? ": missed" : ""}`;
}

const spreadText = (spread: Spread | null): string =>
  spread === null
    ? "–"
    : `${numberText(spread.median)} (${numberText(spread.lower)}–${numberText(spread.upper)})`;

/** Three significant digits. */
const numberText = (value: number): string =>
  value >= 100
    ? Math.round(value).toLocaleString("en")
    : value.toLocaleString("en", { maximumSignificantDigits: 3 });

function ratioText(ratio: number | null, aim: Figure["aim"]): string {
  if (ratio === null) return "–";
  const text = `×${ratio.toFixed(2)}`;
  if (!aim) return text;
  return "most" in aim
    ? `${text}, aim at most ×${aim.most}${ratio > aim.most ? ": missed" : ""}`
    : `${text}, aim at least ×${aim.least}${ratio < aim.least ? ": missed" : ""}`;
}

const barPx = 360;
const rowPx = 26;
const labelPx = 190;
const topPx = 40;

/** A bar for each figure's ratio to its floor; the line is the floor, the mark is the target. */
export function picture(held: readonly Result[]): string {
  const bars = held.flatMap(({ figures }) => figures.filter(({ ratioToFloor }) => ratioToFloor !== null));
  const most = Math.max(1, ...bars.map(({ ratioToFloor }) => ratioToFloor ?? 0)) * 1.05;
  const x = (ratio: number): number => labelPx + (ratio / most) * barPx;
  const heightPx = topPx + bars.length * rowPx + 10;
  const rows = bars.map((figure, row) => {
    const y = topPx + row * rowPx;
    const ratio = figure.ratioToFloor ?? 0;
    const aim = figure.aim && ("most" in figure.aim ? figure.aim.most : figure.aim.least);
    const mark = aim
      ? `<line x1="${x(aim).toFixed(1)}" x2="${x(aim).toFixed(1)}" y1="${y}" y2="${y + 18}" stroke="#B45309" stroke-width="2"/>`
      : "";
    return `<text x="${labelPx - 8}" y="${y + 13}" text-anchor="end">${figure.name}</text><rect x="${labelPx}" y="${y + 2}" width="${(x(ratio) - labelPx).toFixed(1)}" height="14" rx="2" fill="#2F6FDE"/>${mark}<text x="${(x(ratio) + 6).toFixed(1)}" y="${y + 13}">×${ratio.toFixed(2)}</text>`;
  });
  const floorX = x(1).toFixed(1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${labelPx + barPx + 70} ${heightPx}" font-family="sans-serif" font-size="12" fill="#1F2937">
<title>Each figure's ratio to its floor</title>
<rect width="100%" height="100%" fill="#FFFFFF"/>
<text x="${floorX}" y="18" text-anchor="middle" fill="#6B7280">floor ×1</text>
<line x1="${floorX}" x2="${floorX}" y1="26" y2="${heightPx - 6}" stroke="#6B7280" stroke-dasharray="3 3"/>
${rows.join("\n")}
</svg>
`;
}
