export type TableRow = readonly string[];

/** A Markdown table whose columns are padded to their widths; the first row is its head. */
export function markdownTable(
  [head, ...body]: readonly [TableRow, ...TableRow[]],
  isNumber: (column: number) => boolean = () => false,
): string {
  const rows = [head, ...body].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: TableRow): string =>
    `| ${row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(" | ")} |`;
  const rule = widths.map((width, column) =>
    isNumber(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  const [first = "", ...others] = rows.map(line);
  return [first, line(rule), ...others].join("\n");
}
