import { renderTable, wrapText } from './operator/table.ts';
import type { Column } from './operator/table.ts';

const indent = '    ';

/**
 * A table whose last column is prose: beside the row where all fits into the width, below it, on
 * lines of its own, where it does not.
 */
export function notedTable<Row>(
  columns: readonly Column<Row>[],
  note: Column<Row>,
  rows: readonly Row[],
  width: number,
): string {
  const whole = renderTable([...columns, note], rows, Infinity);
  if (whole.split('\n').every((line) => line.length <= width)) return whole;
  const [head = '', ...lines] = renderTable(columns, rows, width).split('\n');
  const noted = rows.flatMap((row, at) => [lines[at] ?? '', ...noteLines(note.text(row), width)]);
  return [head, ...noted, ...lines.slice(rows.length)].join('\n');
}

function noteLines(text: string, width: number): readonly string[] {
  if (text === '') return [];
  return wrapText(text, width - indent.length).map((line) => indent + line);
}
