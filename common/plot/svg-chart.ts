import type { Axis, Chart, Point, Series } from './chart.ts';
import { canShow, mostSigns, shownPoints } from './chart.ts';
import { scaleOf, tickText } from './scale.ts';
import type { Scale } from './scale.ts';

const size = { width: 880, height: 400 } as const;
const heading = 44;
const field = { left: 72, right: 592, top: 40, bottom: 340 } as const;
/** Okabe and Ito's colours: told apart by people with any kind of sight. */
const colours = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#000000',
  '#999933',
] as const;

interface Panel {
  readonly chart: Chart;
  readonly x: Scale;
  readonly y: Scale;
}

/** Charts one below the other, as one SVG picture that needs nothing but itself. */
export function svgCharts(title: string, charts: readonly Chart[]): string {
  const height = heading + charts.length * size.height;
  const panels = charts.map((chart, at) => {
    const top = heading + at * size.height;
    return `<g transform="translate(0 ${top})">${panelSvg(panelOf(chart))}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${height}" ` +
      `viewBox="0 0 ${size.width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="12">`,
    `<rect width="${size.width}" height="${height}" fill="#ffffff"/>`,
    text({ x: field.left, y: 28 }, title, 'font-size="16" font-weight="bold" fill="#222222"'),
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

function panelOf(chart: Chart): Panel {
  const shown = shownPoints(chart);
  return {
    chart,
    x: scaleOf(
      chart.x,
      shown.map((point) => point.x),
    ),
    y: scaleOf(
      chart.y,
      shown.map((point) => point.y),
    ),
  };
}

function panelSvg(panel: Panel): string {
  const { chart } = panel;
  return [
    text({ x: field.left, y: 24 }, chart.title, 'font-size="14" fill="#222222"'),
    ...panel.x.ticks.map((tick) => verticalTick(panel, tick)),
    ...panel.y.ticks.map((tick) => horizontalTick(panel, tick)),
    frame(),
    ...axisLabels(chart.x, chart.y),
    ...chart.series.map((series, at) => seriesSvg(panel, series, colourOf(at))),
    ...markSvg(panel),
    ...legendSvg(chart),
  ].join('\n');
}

function verticalTick(panel: Panel, tick: number): string {
  const x = columnOf(panel, tick);
  const label = text(
    { x, y: field.bottom + 18 },
    tickText(tick),
    'text-anchor="middle" fill="#444444"',
  );
  return `${gridLine(x, field.top, x, field.bottom)}${label}`;
}

function horizontalTick(panel: Panel, tick: number): string {
  const y = lineOf(panel, tick);
  const label = text(
    { x: field.left - 8, y: y + 4 },
    tickText(tick),
    'text-anchor="end" fill="#444444"',
  );
  return `${gridLine(field.left, y, field.right, y)}${label}`;
}

function gridLine(x1: number, y1: number, x2: number, y2: number): string {
  return `<path d="M${short(x1)} ${short(y1)}L${short(x2)} ${short(y2)}" stroke="#dddddd"/>`;
}

function frame(): string {
  const { left, right, top, bottom } = field;
  return `<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="#444444"/>`;
}

function axisLabels(x: Axis, y: Axis): readonly string[] {
  const middle = (field.left + field.right) / 2;
  const half = (field.top + field.bottom) / 2;
  const turned = `text-anchor="middle" fill="#222222" transform="rotate(-90 18 ${half})"`;
  return [
    text({ x: middle, y: field.bottom + 40 }, x.label, 'text-anchor="middle" fill="#222222"'),
    text({ x: 18, y: half }, y.label, turned),
  ];
}

function seriesSvg(panel: Panel, { points }: Series, colour: string): string {
  const { chart } = panel;
  const shown = points.filter((one) => canShow(chart.x, one.x) && canShow(chart.y, one.y));
  const path = shown.map(
    (one) => `${short(columnOf(panel, one.x))} ${short(lineOf(panel, one.y))}`,
  );
  const line = `<path d="M${path.join('L')}" fill="none" stroke="${colour}" stroke-width="2"/>`;
  const dots = shown.length > mostSigns ? [] : shown.map((one) => dot(panel, one, 3.5, colour));
  return shown.length === 0 ? '' : [line, ...dots].join('');
}

function dot(panel: Panel, { x, y }: Point, radius: number, colour: string): string {
  const place = `cx="${short(columnOf(panel, x))}" cy="${short(lineOf(panel, y))}"`;
  return `<circle ${place} r="${radius}" fill="${colour}"/>`;
}

function markSvg(panel: Panel): readonly string[] {
  const { mark } = panel.chart;
  if (mark === undefined) return [];
  const [x, y] = [columnOf(panel, mark.x), lineOf(panel, mark.y)];
  const ring = `<circle cx="${short(x)}" cy="${short(y)}" r="8" fill="none" stroke="#222222" stroke-width="2"/>`;
  return [ring];
}

function legendSvg({ series, mark }: Chart): readonly string[] {
  const left = field.right + 16;
  const entries = series.map(({ name }, at) => {
    const y = field.top + 8 + at * 20;
    const sample = `<path d="M${left} ${y}h18" stroke="${colourOf(at)}" stroke-width="3"/>`;
    return sample + text({ x: left + 24, y: y + 4 }, name, 'fill="#222222"');
  });
  if (mark === undefined) return entries;
  const y = field.top + 8 + series.length * 20;
  const ring = `<circle cx="${left + 9}" cy="${y}" r="6" fill="none" stroke="#222222" stroke-width="2"/>`;
  return [...entries, ring + text({ x: left + 24, y: y + 4 }, mark.name, 'fill="#222222"')];
}

function colourOf(at: number): string {
  return colours[at % colours.length] ?? '#000000';
}

function columnOf({ x }: Panel, value: number): number {
  return field.left + x.unit(value) * (field.right - field.left);
}

function lineOf({ y }: Panel, value: number): number {
  return field.bottom - y.unit(value) * (field.bottom - field.top);
}

function text({ x, y }: Point, words: string, attributes: string): string {
  return `<text x="${short(x)}" y="${short(y)}" ${attributes}>${escaped(words)}</text>`;
}

/** Two decimals of a pixel are more than enough. */
function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** XML has no place at all for control characters and halves of surrogate pairs. */
function escaped(words: string): string {
  return words
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, ' ')
    .replace(/[&<>"']/g, (sign) => entities[sign] ?? '');
}
