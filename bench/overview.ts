import { markdownTable } from "../build/docs/table.ts";
import type { Figure, Role } from "./benchmark.ts";
import { numberText } from "./report.ts";

/** The columns of the overview: the bridge, code of one's own, and the peer. */
const columns = ["dms-task-bridge", "your own code", "Benthos 4.60"] as const;

/** A question of users, with the readings that answer it: ours, their own code's and the other tool's. */
interface Question {
  readonly text: string;
  readonly figure: string;
  readonly unit: string;
  /** The reading's role in each column; null where nobody was measured. */
  readonly roles: readonly [Role, Role | null, Role | null];
}

const questions: readonly Question[] = [
  {
    text: "19 of 20 ends of tasks are heard within",
    figure: "latency-ends-p95",
    unit: "s",
    roles: ["ours", "floor", null],
  },
  {
    text: "with a notice of each start, 19 of 20 changes within",
    figure: "latency-wake-p95",
    unit: "s",
    roles: ["ours", "floor", null],
  },
  {
    text: "Events sent to a fast webhook, in a second (more is better)",
    figure: "delivery-0ms",
    unit: "",
    roles: ["ours", "floor", null],
  },
  {
    text: "A first read of 80,000 tasks, each sent",
    figure: "first-read-80000",
    unit: "s",
    roles: ["ours", null, "peer"],
  },
  {
    text: "Memory for it",
    figure: "first-read-80000-memory",
    unit: "MiB",
    roles: ["ours", null, "peer"],
  },
  {
    text: "A new function starts and polls once",
    figure: "cold-start",
    unit: "ms",
    roles: ["ours", "peer", null],
  },
  {
    text: "CPU time of a poll without news",
    figure: "idle-cpu",
    unit: "µs",
    roles: ["ours", "peer", null],
  },
];

interface Row extends Pick<Question, "text" | "unit"> {
  /** A value for each column; null where nobody was measured. */
  readonly values: readonly (number | null)[];
}

const rowsOf = (figures: readonly Figure[]): readonly Row[] =>
  questions.flatMap(({ text, unit, roles, figure: wanted }) => {
    const figure = figures.find(({ name }) => name === wanted);
    if (!figure) return [];
    return [{ text, unit, values: roles.map((role) => (role && figure[role]?.median) ?? null) }];
  });

const valueText = (value: number | null, unit: string): string =>
  value === null ? "–" : `${numberText(value)} ${unit}`.trim();

/** The table that opens the page, as Markdown. */
export function overviewTable(figures: readonly Figure[]): string {
  const rows = rowsOf(figures).map(({ text, unit, values }) => [
    text,
    ...values.map((value) => valueText(value, unit)),
  ]);
  return markdownTable([["", ...columns], ...rows], (column) => column > 0);
}

/** Colours of the picture. */
export interface ChartPalette {
  readonly ground: string;
  readonly text: string;
  readonly quiet: string;
  /** One for each column. */
  readonly bars: readonly [string, string, string];
}

export const palettes: Readonly<Record<"light" | "dark", ChartPalette>> = {
  light: { ground: "#FFFFFF", text: "#1F2937", quiet: "#4B5563", bars: ["#2F6FDE", "#9CA3AF", "#D97706"] },
  dark: { ground: "#0D1117", text: "#E6EDF3", quiet: "#9DA7B3", bars: ["#5B93F5", "#6B7280", "#E3A13B"] },
};

const widthPx = 760;
const barPx = 480;
const rowPx = 18;
const leftPx = 20;
const topPx = 56;
const gapPx = 34;

/** The table as bars, each question on a scale of its own. */
export function overviewPicture(figures: readonly Figure[], palette: ChartPalette): string {
  let y = topPx;
  const drawn: string[] = [];
  for (const { text, unit, values } of rowsOf(figures)) {
    const most = Math.max(...values.map((value) => value ?? 0));
    drawn.push(`<text x="${leftPx}" y="${y + 12}">${text}</text>`);
    y += 20;
    for (const [column, value] of values.entries()) {
      if (value === null) continue;
      const length = ((value / most) * barPx).toFixed(1);
      drawn.push(
        `<rect x="${leftPx}" y="${y}" width="${length}" height="13" rx="2" fill="${palette.bars[column]}"/>`,
        `<text x="${leftPx + Number(length) + 6}" y="${y + 11}" fill="${palette.quiet}">${valueText(value, unit)}</text>`,
      );
      y += rowPx;
    }
    y += gapPx - 20;
  }
  const legend = columns.map((name, column) => {
    const x = leftPx + column * 170;
    return `<rect x="${x}" y="18" width="13" height="13" rx="2" fill="${palette.bars[column]}"/><text x="${x + 20}" y="29">${name}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widthPx} ${y}" font-family="sans-serif" font-size="13" fill="${palette.text}">
<title>How soon, how fast, how much memory: dms-task-bridge, your own code and Benthos</title>
<rect width="100%" height="100%" rx="6" fill="${palette.ground}"/>
${[...legend, ...drawn].join("\n")}
</svg>
`;
}
