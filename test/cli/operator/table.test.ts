import { describe, expect, it } from 'vitest';
import { factLines, factsJson } from '../../../cli/operator/facts.ts';
import { metagraphLines } from '../../../cli/operator/metagraph-view.ts';
import { renderTable } from '../../../cli/operator/table.ts';
import type { Column } from '../../../cli/operator/table.ts';
import { tao } from '../../../common/operator/amount.ts';
import { createFakeChain } from '../../fakes/fake-chain.ts';
import { parseSs58 } from '../../../common/keys/ss58.ts';

interface Row {
  readonly name: string;
  readonly count: number;
}

const columns: readonly Column<Row>[] = [
  { title: 'name', text: ({ name }) => name },
  { title: 'count', align: 'right', text: ({ count }) => String(count) },
  { title: 'first to go', rank: 2, text: () => 'x' },
  { title: 'second', rank: 1, text: () => 'y' },
];
const rows = [
  { name: 'a', count: 5 },
  { name: 'long', count: 12345 },
];

describe('tables', () => {
  it('align numbers to the right and leave no blanks at the end', () => {
    expect(renderTable(columns.slice(0, 2), rows, 80).split('\n')).toEqual([
      'name  count',
      'a         5',
      'long  12345',
    ]);
  });

  it('leave out what matters least when it is narrow, and say so', () => {
    const narrow = renderTable(columns, rows, 20).replaceAll(/\s+/g, ' ');
    expect(narrow).toContain('second');
    expect(narrow).toContain('(too narrow for: first to go; --json has them)');
    expect(renderTable(columns, rows, 12).replaceAll(/\s+/g, ' ')).toContain('first to go, second');
    expect(renderTable(columns, rows, 3).split('\n')[0]).toBe('name  count');
  });
});

describe('facts', () => {
  const facts = { netuid: 2, maxBurn: tao(1_500_000_000n), uid: null, started: true, list: [1, 2] };

  it('are lines for people, with units', () => {
    expect(factLines(facts)).toEqual([
      '  netuid    2',
      '  max burn  1.5 TAO',
      '  uid       -',
      '  started   yes',
      '  list      1, 2',
    ]);
  });

  it('are JSON for scripts, amounts exact', () => {
    expect(factsJson(facts)).toEqual({
      netuid: 2,
      maxBurn: { amount: '1.5', unit: 'TAO', rao: '1500000000' },
      uid: null,
      started: true,
      list: [1, 2],
    });
  });
});

describe('a metagraph', () => {
  const hotkey = parseSs58('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');

  it('fits 80 columns, and shows trust and rank only where the runtime keeps them', async () => {
    if (hotkey === undefined) throw new Error('an address');
    const chain = createFakeChain();
    chain.addSubnet(2);
    const ip = '2001:db8:1111:2222:3333:4444:5555:6666';
    const axon = { ip, port: 65_535, ipType: 6, protocol: 4, version: 1, block: 1 } as const;
    chain.addNeuron(2, { hotkey, axon, totalStakeRao: 10n ** 18n, emissionRao: 10n ** 15n });
    const plain = metagraphLines(await chain.snapshot(2), 80);
    expect(plain.filter((line) => line.length > 80)).toEqual([]);
    const wide = metagraphLines(await chain.snapshot(2), 400).join('\n');
    expect(wide).toContain(`[${ip}]:65535`);
    expect(wide).not.toMatch(/ trust /);
    chain.patchNeuron(2, 0, { trust: 0.25, rank: 0.5 });
    expect(metagraphLines(await chain.snapshot(2), 400).join('\n')).toMatch(/0\.2500.*0\.5000/);
  });
});
