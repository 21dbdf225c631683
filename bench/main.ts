import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import type { BenchRow } from './row.ts';

/** Each suite is loaded when it runs, so that one library's start-up does not weigh on another. */
const suites: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  signatures: async () => (await import('./signatures.ts')).benchSignatures(),
  wire: async () => (await import('./wire.ts')).benchWire(),
  miner: async () => (await import('./miner.ts')).benchMiner(),
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
  const wanted = values.only ?? Object.keys(suites);
  const rows: BenchRow[] = [];
  for (const name of wanted) {
    const suite = suites[name];
    if (suite === undefined) throw new Error(`no suite ${name}: ${Object.keys(suites).join(', ')}`);
    console.error(`running ${name} ...`);
    rows.push(...(await suite()));
  }
  console.log(tableOf(rows));
  if (values.json === true) console.log(JSON.stringify(rows));
  if (rows.some((row) => !row.ok)) process.exitCode = 1;
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
      figure(row.goal),
      row.goal === null ? '' : row.ok ? 'ok' : 'BELOW',
    ]);
  }
  return table.toString();
}

function figure(value: number | null): string {
  if (value === null) return '';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}

await main();
