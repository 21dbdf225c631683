import { describe, expect, it } from 'vitest';
import { revealRefusals } from '../../../cli/operator/weights-reveal.ts';
import type { EpochSchedule, PendingCommit } from '../../../common/chain-port.ts';
import { createFakeChain } from '../../fakes/fake-chain.ts';

const hash = `0x${'11'.repeat(32)}`;

async function refusals(
  epoch: EpochSchedule,
  head: number,
  commits: readonly PendingCommit[],
  commitRevealEnabled = true,
) {
  const chain = createFakeChain();
  chain.addSubnet(2);
  const snapshot = await chain.snapshot(2);
  const hyperparams = { ...snapshot.hyperparams, commitRevealEnabled, commitRevealPeriod: 2 };
  const at = { ...snapshot, epoch, hyperparams, block: { number: head, hash: '0x' } };
  return revealRefusals(at, { hash, netuid: 2 }, commits);
}

/** Epoch 10 began at block 100, each has 20 blocks. */
const stateful: EpochSchedule = {
  model: 'stateful',
  tempo: 20,
  lastEpochBlock: 100,
  pendingEpochAt: 0,
  epochIndex: 10,
  blocksSinceLastStep: 5,
};
const modulo: EpochSchedule = { model: 'modulo', tempo: 20, blocksSinceLastStep: 5 };

function commit(epoch: number | null, block: number): PendingCommit {
  return { kind: 'hash', hash, block, epoch };
}

describe('when a hash commit can be revealed', () => {
  it('in the one epoch that the period gives', async () => {
    expect(await refusals(stateful, 105, [commit(8, 70)])).toEqual([]);
  });

  it('before it: the block from which it can', async () => {
    expect(await refusals(stateful, 105, [commit(9, 90)])).toMatchObject([
      { code: 'CALL_TOO_SOON', chainError: 'RevealTooEarly', clearsAtBlock: 120 },
    ]);
    expect(await refusals(stateful, 105, [commit(10, 101)])).toMatchObject([
      { clearsAtBlock: 140 },
    ]);
  });

  it('after it: no more', async () => {
    expect(await refusals(stateful, 105, [commit(7, 60)])).toMatchObject([
      { code: 'CALL_REFUSED', chainError: 'ExpiredWeightCommit' },
    ]);
  });

  it('on runtimes that keep the block of a commit instead of its epoch', async () => {
    // (block + netuid + 1) / (tempo + 1): 60 is in epoch 3, head 104 opens epoch 5 at block 102.
    expect(await refusals(modulo, 104, [commit(null, 60)])).toEqual([]);
    expect(await refusals(modulo, 100, [commit(null, 60)])).toMatchObject([
      { chainError: 'RevealTooEarly', clearsAtBlock: 102 },
    ]);
  });

  it('not when the chain holds no such commit, or commit-reveal is off', async () => {
    expect(await refusals(stateful, 105, [])).toMatchObject([
      { chainError: 'NoWeightsCommitFound' },
    ]);
    expect(await refusals(stateful, 105, [commit(8, 70)], false)).toMatchObject([
      { chainError: 'CommitRevealDisabled' },
    ]);
  });
});
