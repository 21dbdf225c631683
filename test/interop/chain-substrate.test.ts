import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DevChain } from '../../chain/devchain.ts';
import { netuid, startPeerChain } from './chain-peer.ts';
import type { Steps } from './chain-peer.ts';
import { pythonSubstrate, runPython, titled } from './python.ts';

const title = titled('the chain with substrate-interface', pythonSubstrate);

describe.skipIf(pythonSubstrate === undefined)(title, () => {
  let chain: DevChain;
  let steps: Steps = {};

  beforeAll(async () => {
    chain = await startPeerChain();
    const job = { url: chain.url, netuid };
    steps = (await runPython('chain_substrate.py', job, pythonSubstrate)) as Steps;
  });

  afterAll(() => chain.close());

  it('reads', () => {
    expect(steps).toMatchObject({
      chain: [true, 42, 'TAO', 9, 425],
      account: true,
      tempo: 20,
      uids: [0, 1],
      pages: 2,
      multi: [100, 20],
      constant: 50_400,
      block: [1, 2],
      fee: true,
      heads: 2,
    });
  });

  it('sends, and hears what went wrong', () => {
    expect(steps).toMatchObject({
      transfer: [true, true, expect.arrayContaining(['Transfer'])],
      set_weights: [true, false, ['WeightsSet']],
      'too fast': [false, 1010, 'Custom error: 6'],
      'start_call again': [false, 'FirstEmissionBlockNumberAlreadySet', true],
    });
  });
});
