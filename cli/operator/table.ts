/** A column of a table for a terminal. */
export interface Column<Row> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** 0 is never left out; of the others the highest goes first when the terminal is narrow. */
  readonly rank?: number;
  text(row: Row): string;
}

const gap = '  ';

/**
 * Plain columns, numbers right-aligned, without borders: readable at 80 columns and by other
 * programs. Columns that do not fit are left out by rank, and named below.
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): string {
  const sized = columns.map((column) => {
    const cells = rows.map((row) => column.text(row));
    const size = Math.max(column.title.length, ...cells.map((cell) => cell.length));
    return { column, cells, size };
  });
  const kept = fitting(sized, width);
  const lines = [
    line(kept.map(({ column, size }) => aligned(column, column.title, size))),
    ...rows.map((_, at) =>
      line(kept.map(({ column, cells, size }) => aligned(column, cells[at] ?? '', size))),
    ),
  ];
  const left = sized.filter((one) => !kept.includes(one)).map(({ column }) => column.title);
  return [...lines, ...leftOut(left, width)].join('\n');
}

interface Sized<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly size: number;
}

function fitting<Row>(sized: readonly Sized<Row>[], width: number): readonly Sized<Row>[] {
  const total = sized.reduce((sum, { size }) => sum + size, 0) + gap.length * (sized.length - 1);
  const worst = Math.max(...sized.map(({ column }) => column.rank ?? 0));
  if (total <= width || worst === 0) return sized;
  const last = sized.findLastIndex(({ column }) => (column.rank ?? 0) === worst);
  return fitting(
    sized.filter((_, at) => at !== last),
    width,
  );
}

function aligned<Row>(column: Column<Row>, text: string, size: number): string {
  return column.align === 'right' ? text.padStart(size) : text.padEnd(size);
}

function line(cells: readonly string[]): string {
  return cells.join(gap).trimEnd();
}

function leftOut(titles: readonly string[], width: number): readonly string[] {
  if (titles.length === 0) return [];
  return wrapText(`(too narrow for: ${titles.join(', ')}; --json has them)`, width);
}

/** Lines of at most `width`, broken between words. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

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

/** `5GrwvaEF…`, for tables; whole addresses stand in --json and in single facts. */
export function shortKey(address: string): string {
  return `${address.slice(0, 8)}…`;
}

/** A share as the chain's u16 resolution allows to tell: four decimals. */
export function share(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(4);
}

/** `1 subnet`, `2 subnets`. */
export function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
