import type { BenchRow } from '../row.ts';
import { pinning } from './pinned.ts';
import { middle, middleRatio } from './rounds.ts';
import type { Measured } from './rounds.ts';

type Sense = 'at-least' | 'at-most';

/** Requests a second of two servers. */
export function rateRow(
  name: string,
  ours: Measured,
  peer: Measured | null,
  goal: number | null,
): BenchRow {
  const value = middle(ours, 'requestsPerSecond');
  if (peer === null) return judged({ name, unit: 'req/s', value, goal }, [ours]);
  const ratio = middleRatio(ours, peer, 'requestsPerSecond');
  const theirs = middle(peer, 'requestsPerSecond');
  const figures = { name, unit: 'req/s', value, peer: theirs, ratio, goal };
  return judged({ ...figures, note: byProcessor(ours, peer) }, [ours, peer]);
}

/** What the ratio is in processor time a request, which other work on the machine changes less. */
function byProcessor(ours: Measured, peer: Measured): string {
  const ratio = 1 / middleRatio(ours, peer, 'cpuMsPerRequest');
  const [own, theirs] = [middle(ours, 'cpuMsPerRequest'), middle(peer, 'cpuMsPerRequest')];
  return `CPU ${own.toFixed(3)} / ${theirs.toFixed(3)} ms: ${ratio.toFixed(2)}`;
}

/** p99 of two servers; the goal is a ceiling of the ratio. */
export function p99Row(name: string, ours: Measured, peer: Measured, goal: number): BenchRow {
  const [value, theirs] = [middle(ours, 'p99Ms'), middle(peer, 'p99Ms')];
  const ratio = middleRatio(ours, peer, 'p99Ms');
  const figures = { name, unit: 'ms', value, peer: theirs, ratio, goal };
  return judged({ ...figures, sense: 'at-most' }, [ours, peer]);
}

export interface Figures {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly peer?: number;
  readonly ratio?: number;
  readonly goal: number | null;
  readonly sense?: Sense;
  readonly note?: string;
}

/** Holds the ratio, or without one the value, against the goal. */
export function judged(figures: Figures, lanes: readonly Measured[] = []): BenchRow {
  const { name, unit, value, peer = null, ratio = null, goal, sense = 'at-least' } = figures;
  const measured = ratio ?? value;
  const reached = goal === null || (sense === 'at-most' ? measured <= goal : measured >= goal);
  const strange = lanes.filter((lane) => Object.keys(lane.strange).length > 0);
  const oddities = strange.map((lane) => `${lane.name}: ${JSON.stringify(lane.strange)}`);
  const note = [...(figures.note === undefined ? [] : [figures.note]), ...oddities].join('; ');
  return {
    name: `${name}${pinning}`,
    value,
    unit,
    peer,
    ratio,
    goal,
    ...(sense === 'at-most' ? { sense } : {}),
    ok: reached && strange.length === 0,
    ...(note === '' ? {} : { note }),
  };
}

/** What cannot be measured here says so, and fails nothing. */
export function missingRow(name: string, note: string): BenchRow {
  return { name, value: NaN, unit: '', peer: null, ratio: null, goal: null, ok: true, note };
}
