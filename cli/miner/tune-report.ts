import { SubnetError } from '../../common/errors.ts';
import { asciiChart } from '../../common/plot/ascii-chart.ts';
import type { Chart, Point } from '../../common/plot/chart.ts';
import { svgCharts } from '../../common/plot/svg-chart.ts';
import { ruleText } from '../../miner/tune/choose.ts';
import { isSameSetting, placementText, settingText } from '../../miner/tune/setting.ts';
import type { Measured, Setting } from '../../miner/tune/setting.ts';
import type { TuneResult } from '../../miner/tune/tuner.ts';
import { renderTable, wrapText } from '../operator/table.ts';
import type { Column } from '../operator/table.ts';
import { msText } from './bench-report.ts';

export interface TuneReport {
  readonly model: string;
  /** The provider that really computed. */
  readonly provider: string;
  readonly targetP99Ms: number | null;
  readonly seconds: number;
  /** The largest that was tried. */
  readonly maxBatch: number;
  readonly result: TuneResult;
}

export function tuneLines(report: TuneReport, width: number): readonly string[] {
  const { result } = report;
  const size = { width: Math.min(width, 100), height: 14 };
  return [
    '',
    'Times are of one run of a whole batch.',
    renderTable(columnsOf(report), inOrder(result.measured), width),
    ...result.failed.map(({ setting, detail }) => `${settingText(setting)} failed: ${detail}`),
    '',
    asciiChart(tuneChart(report), size),
    '',
    ...[...choiceLines(report), ...warningLines(report)].flatMap((line) => wrapText(line, width)),
  ];
}

/** Throws TUNE_FAILED, TUNE_TARGET_MISSED. */
export function chosenOf({ result, targetP99Ms }: TuneReport): Setting {
  if (result.chosen !== undefined) return result.chosen.setting;
  if (result.measured.length > 0 && targetP99Ms !== null) {
    throw new SubnetError('TUNE_TARGET_MISSED', { targetP99Ms });
  }
  const reasons = result.failed.map(({ setting, detail }) => `${settingText(setting)}: ${detail}`);
  throw new SubnetError('TUNE_FAILED', { detail: reasons.slice(0, 3).join('; ') });
}

function columnsOf({ result }: TuneReport): readonly Column<Measured>[] {
  const right = 'right' as const;
  return [
    { title: 'instances', align: right, text: ({ setting }) => String(setting.instances) },
    { title: 'threads', align: right, text: ({ setting }) => String(setting.threads) },
    { title: 'batch', align: right, text: ({ setting }) => String(setting.maxBatch) },
    { title: 'items/s', align: right, text: ({ median }) => rateText(median.itemsPerSecond) },
    { title: 'p50 ms', align: right, text: ({ median }) => msText(median.p50Ms) },
    { title: 'p99 ms', align: right, text: ({ median }) => msText(median.p99Ms) },
    { title: 'measured', align: right, rank: 1, text: ({ samples }) => `${samples.length} x` },
    { title: '', text: (one) => remarkOf(one, result) },
  ];
}

function remarkOf(one: Measured, { chosen, current }: TuneResult): string {
  const remarks = [
    ...(one.setting === chosen?.setting ? ['chosen'] : []),
    ...(isSameSetting(one.setting, current) ? ['in the YAML now'] : []),
  ];
  return remarks.join(', ');
}

export function rateText(perSecond: number): string {
  return perSecond >= 100 ? String(Math.round(perSecond)) : perSecond.toPrecision(3);
}

function inOrder(measured: readonly Measured[]): readonly Measured[] {
  return [...measured].sort(
    ({ setting: a }, { setting: b }) =>
      a.instances - b.instances || a.threads - b.threads || a.maxBatch - b.maxBatch,
  );
}

function choiceLines(report: TuneReport): readonly string[] {
  const { result, targetP99Ms } = report;
  const { chosen, current } = result;
  const target = targetP99Ms === null ? '' : `, p99 of a run at most ${targetP99Ms} ms`;
  const rule = `Rule: ${ruleText}${target}.`;
  if (chosen === undefined) return [rule];
  const now = result.finalists.find(({ setting }) => isSameSetting(setting, current));
  const { itemsPerSecond, p50Ms, p99Ms } = chosen.median;
  const figures = `${rateText(itemsPerSecond)} items/s, run p50 ${msText(p50Ms)} ms, p99 ${msText(p99Ms)} ms`;
  return [
    `Chosen: ${settingText(chosen.setting)}: ${figures}${gainText(chosen, now)}.`,
    `${rule} Medians of measurements taken in turns.`,
  ];
}

/** Samples of one setting that lie further apart were disturbed. */
const unsteady = 0.2;

function warningLines({ result, maxBatch }: TuneReport): readonly string[] {
  const { finalists, chosen, cutShort } = result;
  const worst = finalists.reduce((most, one) => Math.max(most, spreadOf(one)), 0);
  const atTop = chosen?.setting.maxBatch === maxBatch && maxBatch > 1;
  return [
    ...(worst > unsteady
      ? [
          `Measured again, a setting differed by ${Math.round(worst * 100)} %: something else uses this machine. Stop it, and tune again.`,
        ]
      : []),
    ...(cutShort
      ? ['The time was over before all was looked at that is worth it: give more with --seconds.']
      : []),
    ...(atTop ? ['No larger batch was tried: raise --max-batch to look further.'] : []),
  ];
}

/** How far the fastest sample lies above the slowest. */
function spreadOf({ samples }: Measured): number {
  const rates = samples.map(({ itemsPerSecond }) => itemsPerSecond);
  return Math.max(...rates) / Math.min(...rates) - 1;
}

function gainText(chosen: Measured, now: Measured | undefined): string {
  if (now === undefined) return '';
  if (isSameSetting(chosen.setting, now.setting)) return '; it is what the YAML says already';
  const gain = (chosen.median.itemsPerSecond / now.median.itemsPerSecond - 1) * 100;
  return `; ${gain < 0 ? '' : '+'}${gain.toFixed(1)} % against ${settingText(now.setting)}`;
}

/** Throughput against latency: a line for each placement, a point for each batch. */
export function tuneChart({ result, model, provider }: TuneReport): Chart {
  const groups = new Map<string, Point[]>();
  for (const { setting, median } of inOrder(result.measured)) {
    const name = placementText(setting);
    const point = { x: median.p50Ms, y: median.itemsPerSecond };
    groups.set(name, [...(groups.get(name) ?? []), point]);
  }
  const { chosen } = result;
  const mark =
    chosen === undefined
      ? {}
      : {
          mark: {
            x: chosen.median.p50Ms,
            y: chosen.median.itemsPerSecond,
            name: `chosen: ${settingText(chosen.setting)}`,
          },
        };
  return {
    title: `${model} on ${provider}: throughput against the time of a run`,
    x: { label: 'median run, ms', scale: 'log' },
    y: { label: 'items a second', scale: 'linear' },
    series: [...groups].map(([name, points]) => ({ name, points })),
    ...mark,
  };
}

export function tuneSvg(report: TuneReport): string {
  return svgCharts('subnet miner tune', [tuneChart(report)]);
}

export function tuneJson(report: TuneReport): Readonly<Record<string, unknown>> {
  const { model, provider, targetP99Ms, seconds, result } = report;
  const { measured, failed, finalists, chosen, current, cutShort } = result;
  return {
    model,
    provider,
    seconds,
    targetP99Ms,
    rule: ruleText,
    cutShort,
    current,
    chosen: chosen === undefined ? null : measuredJson(chosen),
    finalists: finalists.map(({ setting }) => setting),
    measured: inOrder(measured).map(measuredJson),
    failed,
  };
}

function measuredJson(one: Measured): Readonly<Record<string, unknown>> {
  const { setting, median, samples } = one;
  return { ...setting, ...median, samples: samples.length, spread: spreadOf(one) };
}
