import type { Chart, Point, Series } from './chart.ts';
import { canShow, mostSigns, shownPoints } from './chart.ts';
import { scaleOf, tickText } from './scale.ts';
import type { Scale } from './scale.ts';

export interface AsciiSize {
  /** Of the whole picture, in characters. */
  readonly width: number;
  /** Lines of the field in which the series lie. */
  readonly height: number;
}

const signs = ['*', 'o', '+', 'x', '#', '@', '%', '&'] as const;
const markSign = '!';
const joint = '.';

interface Field {
  readonly cells: string[][];
  readonly x: Scale;
  readonly y: Scale;
  readonly width: number;
  readonly height: number;
}

/** A chart in plain characters, for a terminal or a log. */
export function asciiChart(chart: Chart, { width, height }: AsciiSize): string {
  const shown = shownPoints(chart);
  const y = scaleOf(
    chart.y,
    shown.map((point) => point.y),
  );
  const x = scaleOf(
    chart.x,
    shown.map((point) => point.x),
  );
  const gutter = Math.max(...y.ticks.map((tick) => tickText(tick).length));
  const inside = Math.max(16, width - gutter - 3);
  const cells = Array.from({ length: height }, () => Array<string>(inside).fill(' '));
  const field: Field = { cells, x, y, width: inside, height };
  chart.series.forEach((series, at) => drawSeries(field, chart, series, signOf(at)));
  if (chart.mark !== undefined) put(field, chart.mark, markSign);
  const left = ' '.repeat(gutter + 1);
  return [
    chart.title,
    chart.y.label,
    ...fieldLines(field, gutter),
    `${left}+${'-'.repeat(inside + 1)}`,
    ...axisLines(field, left, chart.x.label),
    ...legend(chart, left, inside),
  ].join('\n');
}

function signOf(at: number): string {
  return signs[at % signs.length] ?? '*';
}

function drawSeries(field: Field, chart: Chart, { points }: Series, sign: string): void {
  const shown = points.filter((one) => canShow(chart.x, one.x) && canShow(chart.y, one.y));
  const isCurve = shown.length > mostSigns;
  shown.forEach((point, at) => {
    const before = shown[at - 1];
    if (before !== undefined) join(field, before, point, isCurve ? sign : joint);
  });
  for (const point of shown) put(field, point, sign);
}

/** A straight line on the screen; it never covers a sign. */
function join(field: Field, from: Point, to: Point, sign: string): void {
  const [start, end] = [place(field, from), place(field, to)];
  const steps = Math.max(Math.abs(end.column - start.column), Math.abs(end.line - start.line), 1);
  for (let step = 0; step <= steps; step += 1) {
    const part = step / steps;
    const line = Math.round(start.line + (end.line - start.line) * part);
    const column = Math.round(start.column + (end.column - start.column) * part);
    const row = field.cells[line];
    if (row?.[column] === ' ') row[column] = sign;
  }
}

function put(field: Field, point: Point, sign: string): void {
  const { line, column } = place(field, point);
  const row = field.cells[line];
  if (row !== undefined) row[column] = sign;
}

function place({ x, y, width, height }: Field, point: Point): { line: number; column: number } {
  return {
    column: Math.round(clamp(x.unit(point.x)) * (width - 1)),
    line: height - 1 - Math.round(clamp(y.unit(point.y)) * (height - 1)),
  };
}

function clamp(part: number): number {
  return Math.min(1, Math.max(0, part));
}

function fieldLines({ cells, y, height }: Field, gutter: number): readonly string[] {
  const labels = new Map(
    y.ticks.map((tick) => [height - 1 - Math.round(y.unit(tick) * (height - 1)), tickText(tick)]),
  );
  return cells.map((row, line) => {
    const label = (labels.get(line) ?? '').padStart(gutter);
    return `${label} ${labels.has(line) ? '+' : '|'} ${row.join('')}`.trimEnd();
  });
}

/** Ticks below their columns, as many as fit, and what the axis is of. */
function axisLines({ x, width }: Field, left: string, label: string): readonly string[] {
  const line = Array<string>(width).fill(' ');
  let free = 0;
  for (const tick of x.ticks) {
    const text = tickText(tick);
    const middle = Math.round(x.unit(tick) * (width - 1)) - (text.length >> 1);
    const from = Math.max(0, Math.min(middle, width - text.length));
    if (from < free) continue;
    line.splice(from, text.length, ...text.split(''));
    free = from + text.length + 1;
  }
  return [`${left}  ${line.join('').trimEnd()}`, `${left}  ${label}`];
}

/** Names behind each other, on as many lines as they take. */
function legend({ series, mark }: Chart, left: string, width: number): readonly string[] {
  const named = series.map(({ name }, at) => `${signOf(at)} ${name}`);
  const marked = mark === undefined ? [] : [`${markSign} ${mark.name}`];
  const lines: string[] = [];
  for (const entry of [...named, ...marked]) {
    const last = lines.at(-1);
    const longer = `${last}   ${entry}`;
    if (last === undefined || longer.length > width) lines.push(entry);
    else lines[lines.length - 1] = longer;
  }
  return lines.map((line) => `${left}  ${line}`);
}
