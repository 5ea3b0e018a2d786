import { markdownTable } from "../build/docs/table.ts";
import type { Benchmark, Figure } from "./benchmark.ts";
import type { Spread } from "./statistics.ts";

export interface Result {
  readonly benchmark: Benchmark;
  readonly figures: readonly Figure[];
}

/** One line of `--json` output, with the targets of ours and of the two ratios. */
export const figureJson = (figure: Figure): object => ({
  name: figure.name,
  unit: figure.unit,
  ours: figure.ours.median,
  floor: figure.floor?.median ?? null,
  peer: figure.peer?.median ?? null,
  ratioToFloor: figure.ratioToFloor,
  ratioToPeer: figure.ratioToPeer,
  aims: { ours: figure.limit ?? null, ratioToFloor: figure.aim ?? null, ratioToPeer: figure.peerAim ?? null },
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
export const numberText = (value: number): string =>
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
