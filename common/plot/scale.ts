import type { Axis } from './chart.ts';

export interface Scale {
  /** 0 at the lower end of the axis, 1 at the upper one. */
  unit(value: number): number;
  /** Round values within the ends, rising. */
  readonly ticks: readonly number[];
}

/** An axis that shows all the values, between round ends. */
export function scaleOf({ scale }: Axis, values: readonly number[]): Scale {
  const shown = values.length === 0 ? [1] : values;
  return scale === 'linear'
    ? linearScale(largest(shown))
    : logScale(smallest(shown), largest(shown));
}

/** `Math.max` of a long list would run out of stack. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}

function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

const wantedTicks = 5;

function linearScale(max: number): Scale {
  const step = max > 0 ? roundUp(max / wantedTicks) : 1;
  const steps = Math.max(1, Math.ceil(max / step - 1e-9));
  const top = steps * step;
  const ticks = Array.from({ length: steps + 1 }, (_, at) => Number((at * step).toPrecision(12)));
  return { unit: (value) => value / top, ticks };
}

/** The next of 1, 2, 5, 10 … at or above. */
function roundUp(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5].find((one) => one * decade >= value * (1 - 1e-9)) ?? 10;
  return factor * decade;
}

function logScale(min: number, max: number): Scale {
  const rounds = roundsBetween(min, max);
  const [low, high] = [rounds[0] ?? min, rounds.at(-1) ?? max];
  const span = Math.log(high / low);
  const decades = rounds.filter((value) => isDecade(value));
  const ticks = decades.length >= 4 ? decades : rounds;
  return { unit: (value) => Math.log(value / low) / span, ticks };
}

/** 1, 2, 5, 10 …: from the last one at or below `min` to the first at or above `max`; two or more. */
function roundsBetween(min: number, max: number): readonly number[] {
  const from = Math.floor(Math.log10(min)) - 1;
  const to = Math.ceil(Math.log10(max)) + 1;
  const all = Array.from({ length: to - from + 1 }, (_, at) => from + at).flatMap((power) =>
    [1, 2, 5].map((factor) => Number((factor * 10 ** power).toPrecision(12))),
  );
  const first = all.findLastIndex((value) => value <= min);
  const last = all.findIndex((value) => value >= max);
  return all.slice(first, Math.max(last, first + 1) + 1);
}

function isDecade(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
}

/** Short, as at a tick: `0.5`, `20`, `1500`, `20k`, `3M`. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${trimmed(value / 1e6)}M`;
  if (size >= 1e4) return `${trimmed(value / 1e3)}k`;
  return trimmed(value);
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(6)));
}
