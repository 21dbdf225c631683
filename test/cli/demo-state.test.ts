import { describe, expect, it } from 'vitest';
import { paidFairly, summaryOf } from '../../cli/demo/state.ts';
import type { DemoState, MinerRow } from '../../cli/demo/state.ts';
import { alphaText, plainLine, renderState } from '../../cli/demo/view.ts';
import type { DemoMiner } from '../../cli/demo/plan.ts';

function miner(name: DemoMiner, paid: bigint, score: number | null = 0.5): MinerRow {
  return {
    name,
    uid: 3,
    hotkey: 'hotkey',
    score,
    weight: 0.25,
    incentive: 0.25,
    emissionRao: paid,
    note: '',
  };
}

function state(paid: readonly [bigint, bigint, bigint, bigint]): DemoState {
  const names = ['best', 'weaker', 'constant', 'absent'] as const;
  return {
    block: 120,
    nextEpochBlock: 144,
    paidEpochs: 3,
    wantedEpochs: 3,
    seconds: 41.26,
    miners: names.map((name, at) => miner(name, paid[at] ?? 0n)),
    validators: [
      {
        name: 'alpha',
        uid: 1,
        hotkey: 'hotkey',
        stakeRao: 6_000_000_000_000n,
        vtrust: 0.99,
        dividends: 0.6,
        weightsEffectiveBlock: 96,
        round: 12,
      },
    ],
  };
}

describe('the verdict of the demo', () => {
  it('needs best > weaker > 0 and nothing for the others, within rounding', () => {
    expect(paidFairly(state([9_000_000n, 5_000_000n, 0n, 0n]).miners)).toBe(true);
    expect(paidFairly(state([9_000_000n, 5_000_000n, 7n, 0n]).miners)).toBe(true);
    expect(paidFairly(state([5_000_000n, 9_000_000n, 0n, 0n]).miners)).toBe(false);
    expect(paidFairly(state([9_000_000n, 0n, 0n, 0n]).miners)).toBe(false);
    expect(paidFairly(state([9_000_000n, 5_000_000n, 100_000n, 0n]).miners)).toBe(false);
    expect(paidFairly(state([9_000_000n, 5_000_000n, 0n, 100_000n]).miners)).toBe(false);
    expect(paidFairly([])).toBe(false);
  });

  it('is summed up as the one JSON line that scripts read', () => {
    const summary = summaryOf(state([9_000_000n, 5_000_000n, 0n, 0n]));
    expect(Object.keys(summary)).toEqual(['ok', 'epochs', 'wallSeconds', 'miners', 'validators']);
    expect(summary).toMatchObject({
      ok: true,
      epochs: 3,
      wallSeconds: 41.3,
      miners: [
        {
          name: 'best',
          uid: 3,
          hotkey: 'hotkey',
          score: 0.5,
          weight: 0.25,
          incentive: 0.25,
          emissionRao: '9000000',
        },
        { name: 'weaker' },
        { name: 'constant', emissionRao: '0' },
        { name: 'absent' },
      ],
      validators: [{ name: 'alpha', uid: 1, vtrust: 0.99, weightsEffectiveBlock: 96 }],
    });
  });

  it('is not ok before enough epochs were paid', () => {
    const early = { ...state([9_000_000n, 5_000_000n, 0n, 0n]), paidEpochs: 2 };
    expect(summaryOf(early)).toMatchObject({ ok: false });
  });
});

describe('the view', () => {
  it('shows a line for each miner and validator, without colours where none are wanted', () => {
    const lines = renderState(state([9_000_000_000n, 4_500_000_000n, 0n, 0n]), false);
    // oxlint-disable-next-line no-control-regex
    expect(lines.join('\n')).not.toMatch(/\u001b/);
    expect(lines.find((line) => line.startsWith('best'))).toContain('9.0000  ████████████████████');
    expect(lines.find((line) => line.startsWith('weaker'))).toContain('4.5000  ██████████');
    expect(lines.find((line) => line.startsWith('alpha'))).toContain('6000');
    expect(renderState(state([1n, 0n, 0n, 0n]), true).join('')).toContain('\u001b[');
  });

  it('shows unknowns as dashes and amounts with four decimals', () => {
    const base = state([0n, 0n, 0n, 0n]);
    const unknown = { ...base, nextEpochBlock: null, miners: [miner('best', 0n, null)] };
    expect(renderState(unknown, false)[3]).toMatch(/^best\s+3\s+-/);
    expect(plainLine(unknown)).toContain('best score=-');
    expect(alphaText(1_234_567_890n)).toBe('1.2345');
    expect(alphaText(0n)).toBe('0.0000');
  });
});
