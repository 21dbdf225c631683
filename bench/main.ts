import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import type { BenchRow } from './row.ts';

/** Each suite is loaded when it runs, so that one library's start-up does not weigh on another. */
const suites: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  signatures: async () => (await import('./signatures.ts')).benchSignatures(),
  wire: async () => (await import('./wire.ts')).benchWire(),
  'serving-light': async () => (await import('./serving/light.ts')).benchLight(),
  'serving-lone': async () => (await import('./serving/lone.ts')).benchLone(),
  'serving-heavy': async () => (await import('./serving/heavy.ts')).benchHeavy(),
  'serving-refusals': async () => (await import('./serving/refusals.ts')).benchRefusals(),
  'serving-footprint': async () => (await import('./serving/footprint.ts')).benchFootprint(),
  'serving-soak': async () => (await import('./serving/soak.ts')).benchSoak(),
  upstream: async () => (await import('./upstream.ts')).benchUpstream(),
  round: async () => (await import('./round.ts')).benchRound(),
  chain: async () => (await import('./chain.ts')).benchChain(),
  metagraph: async () => (await import('./metagraph.ts')).benchMetagraph(),
  following: async () => (await import('./following.ts')).benchFollowing(),
  timelock: async () => (await import('./timelock.ts')).benchTimelock(),
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, only: { type: 'string', multiple: true } },
  });
  const wanted = values.only?.flatMap(suitesOf) ?? Object.keys(suites);
  const rows: BenchRow[] = [];
  for (const name of wanted) {
    console.error(`running ${name} ...`);
    rows.push(...((await suites[name]?.()) ?? []));
  }
  console.log(tableOf(rows));
  if (values.json === true) console.log(JSON.stringify(rows));
  if (rows.some((row) => !row.ok)) process.exitCode = 1;
}

/** A suite, or all whose names begin with the word and a dash. */
function suitesOf(word: string): readonly string[] {
  const names = Object.keys(suites);
  const found = names.filter((name) => name === word || name.startsWith(`${word}-`));
  if (found.length === 0) throw new Error(`no suite ${word}: ${names.join(', ')}`);
  return found;
}

function tableOf(rows: readonly BenchRow[]): string {
  const table = new Table({
    head: ['what', 'ours', 'unit', 'peer', 'ratio', 'goal', ''],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'left', 'right', 'right', 'right', 'left'],
  });
  for (const row of rows) {
    table.push([
      row.name,
      figure(row.value),
      row.unit,
      figure(row.peer),
      figure(row.ratio),
      `${row.sense === 'at-most' && row.goal !== null ? '≤ ' : ''}${figure(row.goal)}`,
      [verdictOf(row), row.note].filter(Boolean).join('; '),
    ]);
  }
  return table.toString();
}

function verdictOf({ goal, ok }: BenchRow): string {
  if (!ok) return 'MISSED';
  return goal === null ? '' : 'ok';
}

function figure(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}

await main();
