import { describe, expect, it } from 'vitest';
import type { PendingCommit, Snapshot } from '../../common/chain-port.ts';
import { commitEpoch, revealWindow } from '../../common/chain/reveal-window.ts';
import { createFakeChain } from '../fakes/fake-chain.ts';
import { epochIndexAt } from '../fakes/fake-commits.ts';

const [netuid, tempo, period] = [2, 7, 2];

/** The subnet at each of some blocks, and the epoch that the chain then has. */
async function blocksOf(epochs: 'stateful' | 'modulo') {
  const chain = createFakeChain({ runtime: { epochs } });
  chain.addSubnet(netuid, { hyperparams: { tempo, commitRevealPeriod: period } });
  const seen: { readonly facts: Snapshot; readonly epoch: number }[] = [];
  for (let count = 0; count < 60; count += 1) {
    const { number } = chain.advance();
    const facts = await chain.snapshot(netuid);
    const schedule = { lastEpochBlock: 0, pendingEpochAt: 0, epochIndex: 0, ...facts.epoch };
    seen.push({ facts, epoch: epochIndexAt(schedule, epochs, tempo, netuid, number) });
  }
  return seen;
}

describe.each(['stateful', 'modulo'] as const)('the window of a reveal, epochs %s', (epochs) => {
  it('is the epoch in which the chain takes it, asked before, in it and after', async () => {
    const seen = await blocksOf(epochs);
    const start = seen[10];
    if (start === undefined) throw new Error('too few blocks');
    const { number: block } = start.facts.block;
    const commit: PendingCommit = { kind: 'hash', hash: '0x', block, epoch: start.epoch };
    const open = seen.filter(({ epoch }) => epoch === start.epoch + period);
    const [fromBlock, toBlock] = [open[0], open.at(-1)].map((one) => one?.facts.block.number);
    for (const [at, { facts }] of seen.slice(11, -1).entries()) {
      const next = seen[at + 12]?.epoch ?? 0;
      const after = next - start.epoch - period;
      const state = after < 0 ? 'early' : after === 0 ? 'open' : 'expired';
      expect(revealWindow(facts, commit)).toMatchObject({ state, fromBlock, toBlock });
    }
  });
});

describe('a commit of a runtime that keeps blocks', () => {
  it('belongs to the epoch of its block', async () => {
    const [first] = await blocksOf('modulo');
    if (first === undefined) throw new Error('too few blocks');
    const commit: PendingCommit = { kind: 'hash', hash: '0x', block: 60, epoch: null };
    expect(commitEpoch(first.facts, commit)).toBe(Math.floor((60 + netuid + 1) / (tempo + 1)));
  });

  it('has no window on a subnet without epochs', async () => {
    const [first] = await blocksOf('stateful');
    if (first === undefined) throw new Error('too few blocks');
    const still = { ...first.facts, epoch: { ...first.facts.epoch, tempo: 0 } };
    expect(revealWindow(still, { kind: 'hash', hash: '0x', block: 60, epoch: 1 })).toBeNull();
  });
});
