import { addressClass } from '../../common/chain/ip.ts';
import type { Histogram } from '../../common/load/histogram.ts';
import type { TallyEntry } from '../../common/load/tally.ts';
import { asciiChart } from '../../common/plot/ascii-chart.ts';
import type { Chart, Series } from '../../common/plot/chart.ts';
import { svgCharts } from '../../common/plot/svg-chart.ts';
import { countText, renderTable, wrapText } from '../operator/table.ts';
import type { Column } from '../operator/table.ts';
import type { BenchEntrance } from './bench-caller.ts';
import type { LoadResult } from './bench-load.ts';
import type { SampleReport } from './bench-sample.ts';
import type { BenchTarget } from './bench-target.ts';

/** All that one run of the command found. */
export interface BenchReport {
  readonly target: BenchTarget;
  readonly entrance: BenchEntrance;
  readonly arrivals: string;
  readonly maxInFlight: number;
  readonly results: readonly LoadResult[];
  /** Stopped before all rates were through. */
  readonly cancelled: boolean;
}

const quantiles = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const;

/** Null where there are too few values for one to lie beyond it. */
function quantileMs({ count, quantileMs: at }: Histogram, share: number): number | null {
  return count * (1 - share) >= 1 - 1e-9 ? at(share) : null;
}

/** Three digits: `0.412`, `4.12`, `41.2`, `412`, `4120`. */
export function msText(ms: number | null): string {
  if (ms === null || Number.isNaN(ms)) return '-';
  return ms >= 1000 ? String(Math.round(ms)) : ms.toPrecision(3);
}

function shed({ loop }: LoadResult): number {
  return loop.shedFull + loop.shedLate;
}

const columns: readonly Column<LoadResult>[] = [
  { title: 'rate/s', align: 'right', text: (one) => String(one.ratePerSecond) },
  { title: 'sent', align: 'right', rank: 2, text: ({ loop }) => String(loop.sent) },
  { title: 'ok/s', align: 'right', text: (one) => one.okPerSecond.toFixed(1) },
  { title: 'failed', align: 'right', text: ({ failed }) => String(failed) },
  { title: 'shed', align: 'right', text: (one) => String(shed(one)) },
  ...quantiles.map(([title, share], at): Column<LoadResult> => {
    const text = ({ latency }: LoadResult): string => msText(quantileMs(latency, share));
    return { title, align: 'right', rank: at === 1 || at === 2 ? 1 : 0, text };
  }),
  {
    title: 'max ms',
    align: 'right',
    text: ({ latency }) => msText(latency.count === 0 ? null : latency.maxMs),
  },
];

/** The table, what is to be said of it, and two charts. */
export function reportLines(report: BenchReport, width: number): readonly string[] {
  const { results } = report;
  const plotted = { width: Math.min(width, 100), height: 14 };
  return [
    '',
    renderTable(columns, results, width),
    '',
    ...results.flatMap((one) => noteLines(report, one)).flatMap((line) => wrapped(line, width)),
    ...chartsOf(report).flatMap((chart) => ['', asciiChart(chart, plotted)]),
  ];
}

function wrapped(line: string, width: number): readonly string[] {
  const [first = '', ...rest] = wrapText(line, width - 2);
  return [first, ...rest.map((one) => `  ${one}`)];
}

/** Sent later than this, it is the sender that is measured. */
const lateMs = 2;

function noteLines({ maxInFlight, entrance }: BenchReport, result: LoadResult): readonly string[] {
  const { ratePerSecond: rate, failures, loop, sample } = result;
  const { lateness } = loop;
  const late = lateness.quantileMs(0.99);
  const notes = [
    ...failures.map(({ name, count }) => `${count} x ${name}`),
    ...(loop.shedFull > 0
      ? [`${loop.shedFull} not sent: ${maxInFlight} were under way (--connections)`]
      : []),
    ...(loop.shedLate > 0 ? [`${loop.shedLate} not sent: this machine was too slow to`] : []),
    ...(late > lateMs
      ? [`this machine sent late (p99 ${msText(late)} ms): its own load is in the latencies`]
      : []),
    ...sampleNotes(sample, entrance),
  ];
  return notes.map((note) => `${rate}/s: ${note}`);
}

function sampleNotes(sample: SampleReport, entrance: BenchEntrance): readonly string[] {
  const { looked, goodReceipts, missingReceipts, badReceipts, badAnswers } = sample;
  if (looked === 0) return [];
  const none = entrance === 'btauth' && missingReceipts > 0;
  return [
    ...(goodReceipts > 0 ? [`${goodReceipts} of ${looked} sampled receipts verify`] : []),
    ...(none ? [`${missingReceipts} of ${looked} sampled answers carry no receipt`] : []),
    ...named('bad receipt', badReceipts),
    ...named('bad answer', badAnswers),
  ];
}

function named(what: string, entries: readonly TallyEntry[]): readonly string[] {
  return entries.map(({ name, count }) => `${countText(count, what)}: ${name}`);
}

/** Percentiles over rate, where there are several, and how the latencies of each are spread. */
export function chartsOf({ results }: BenchReport): readonly Chart[] {
  const answered = results.filter(({ latency }) => latency.count > 0);
  if (answered.length === 0) return [];
  const spread: Chart = {
    title: 'How many requests were answered within a time',
    x: { label: 'latency, ms', scale: 'log' },
    y: { label: 'requests, %', scale: 'linear' },
    series: answered.map(spreadOf),
  };
  return answered.length > 1 ? [overRate(answered), spread] : [spread];
}

function spreadOf({ ratePerSecond, latency }: LoadResult): Series {
  const points = latency.curve().map(({ ms, share }) => ({ x: ms, y: share * 100 }));
  const [first] = points;
  const start = first === undefined ? [] : [{ x: first.x, y: 0 }];
  return { name: `${ratePerSecond}/s`, points: [...start, ...points] };
}

function overRate(results: readonly LoadResult[]): Chart {
  const series = quantiles.map(([name, share]): Series => {
    const points = results.flatMap(({ ratePerSecond, latency }) => {
      const ms = quantileMs(latency, share);
      return ms === null ? [] : [{ x: ratePerSecond, y: ms }];
    });
    return { name, points };
  });
  return {
    title: 'Latency over load',
    x: { label: 'requests a second', scale: 'linear' },
    y: { label: 'latency, ms', scale: 'log' },
    series: series.filter(({ points }) => points.length > 0),
  };
}

export function reportSvg(report: BenchReport): string {
  const { target, entrance, arrivals } = report;
  return svgCharts(`${target.model} over ${entrance}, ${arrivals} arrivals`, chartsOf(report));
}

export function reportJson(report: BenchReport): Readonly<Record<string, unknown>> {
  const { target, entrance, arrivals, maxInFlight, results, cancelled } = report;
  const { ip, port, hotkey, model } = target;
  return {
    ok: !cancelled,
    cancelled,
    target: { ip, port, hotkey, model, loopback: addressClass(ip) === 'loopback' },
    entrance,
    arrivals,
    maxInFlight,
    results: results.map(resultJson),
  };
}

function resultJson(result: LoadResult): Readonly<Record<string, unknown>> {
  const { ratePerSecond, seconds, loop, ok, failed, okPerSecond, latency, failures } = result;
  const { due, sent, shedFull, shedLate, mostInFlight, lateness, measuredMs } = loop;
  return {
    ratePerSecond,
    seconds,
    measuredSeconds: measuredMs / 1000,
    due,
    sent,
    ok,
    failed,
    okPerSecond,
    shed: { inFlight: shedFull, late: shedLate },
    mostInFlight,
    latencyMs: latencyJson(latency),
    sentLateMs: { p50: number(lateness.quantileMs(0.5)), p99: number(lateness.quantileMs(0.99)) },
    failures,
    sample: result.sample,
    curve: latency.curve().map(({ ms, share }) => [ms, share]),
  };
}

function latencyJson(latency: Histogram): Readonly<Record<string, number | null>> {
  const { meanMs, maxMs, count } = latency;
  const named = quantiles.map(([name, share]) => [name, quantileMs(latency, share)]);
  return { ...Object.fromEntries(named), max: count === 0 ? null : maxMs, mean: number(meanMs) };
}

function number(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
