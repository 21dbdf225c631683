import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DevChain } from '../../chain/devchain.ts';
import drand from '../vectors/timelock.json' with { type: 'json' };
import { netuid, peerGenesis, startPeerChain } from './chain-peer.ts';
import type { Steps } from './chain-peer.ts';
import { fakeClock, frozenAt, python, pythonSdk10, runPython } from './python.ts';

const done = [true, 'Success', null];

/** The one pulse of quicknet that is at hand offline. */
const pulse = { round: drand.round, signature: `0x${drand.signature}` };

/** A second into its round: quicknet started at 1692803367 and ticks each 3 s. */
const atItsRound = 1_692_803_367 + (drand.round - 1) * 3 + 1;

function title(name: string): string {
  const missing = pythonSdk10 === undefined || python === undefined || fakeClock === undefined;
  return missing ? `${name} (skipped: run test/interop/setup.sh, install libfaketime)` : name;
}

const revealing = { commitRevealEnabled: true, weightsRateLimit: 0 };

/** The SDK reveals within one epoch, after two other calls; each takes it a second or more. */
const longTempo = 80;

const ready = pythonSdk10 !== undefined && python !== undefined && fakeClock !== undefined;

/**
 * The SDKs encrypt to quicknet, so the chain has quicknet's beacon here; of its pulses one is known.
 * Nothing else is arranged: the SDKs' own code encrypts, the runtime decrypts.
 */
describe.skipIf(!ready)(title('commit-reveal by the Python SDKs'), () => {
  let chain: DevChain;
  const wallets = mkdtempSync(join(tmpdir(), 'subnet-commit-'));

  beforeAll(async () => {
    chain = await startPeerChain(peerGenesis(revealing));
    await post(chain.url, 'dev_writePulse', [pulse]);
  });
  afterAll(async () => {
    await chain.close();
    rmSync(wallets, { recursive: true });
  });

  it('10.5: commits by hash, reveals in the next epoch', async () => {
    const own = await startPeerChain(peerGenesis({ ...revealing, tempo: longTempo }));
    onTestFinished(() => own.close());
    const job = { url: own.url, wallets, netuid, way: 'hash' };
    const steps = (await runPython('chain_commit10.py', job, pythonSdk10)) as Steps;
    expect(steps).toMatchObject({
      'reveal enabled': true,
      plain: [false, expect.stringContaining('CommitRevealEnabled'), 'CommitRevealEnabled'],
      commit: done,
      'too early': [false, expect.stringContaining('Custom error: 17'), null],
      'another salt': [false, expect.stringContaining('Custom error: 16'), null],
      reveal: done,
      row: [
        [
          [0, 16384],
          [1, 65535],
        ],
      ],
    });
  });

  it('10.5: set_weights makes a timelocked commit that the chain opens', async () => {
    const job = { url: chain.url, wallets, netuid, way: 'timelocked' };
    // Its library counts rounds from 0.
    const env = frozenAt(atItsRound + 3);
    const steps = (await runPython('chain_commit10.py', job, pythonSdk10, env)) as Steps;
    expect(steps).toMatchObject({
      commit: done,
      waiting: [pulse.round],
      row: [
        [
          [0, 65535],
          [1, 16384],
        ],
      ],
      'nothing waits': [],
    });
  });

  it('11: set_weights makes a timelocked commit that the chain opens', async () => {
    const job = { url: chain.url, netuid, round: pulse.round };
    // It adds the time to the end of the epoch, at most 25 blocks of 250 ms.
    const env = frozenAt(atItsRound - 2);
    const steps = (await runPython('chain_commit11.py', job, python, env)) as Steps;
    expect(steps).toMatchObject({
      commit: [true, 'committed'],
      row: [
        [0, 32768],
        [1, 65535],
      ],
    });
  });
});

async function post(url: string, method: string, params: readonly unknown[]): Promise<void> {
  const answer = await fetch(url.replace(/^ws/, 'http'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { error } = (await answer.json()) as { readonly error?: unknown };
  if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
}
