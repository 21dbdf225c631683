import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DevChain } from '../../chain/devchain.ts';
import { netuid, peerGenesis, startPeerChain } from './chain-peer.ts';
import type { Steps } from './chain-peer.ts';
import { python, pythonSdk10, runPython, titled } from './python.ts';

/** Two mechanisms must fit: uids times mechanisms are at most 256. */
const genesis = peerGenesis({ maxAllowedUids: 64 });

describe.skipIf(pythonSdk10 === undefined)(titled('more calls of SDK 10.5', pythonSdk10), () => {
  const done = [true, 'Success', null];
  const wallets = mkdtempSync(join(tmpdir(), 'subnet-further-'));
  let chain: DevChain;
  let steps: Steps = {};

  beforeAll(async () => {
    chain = await startPeerChain(genesis);
    const job = { url: chain.url, wallets, netuid };
    steps = (await runPython('chain_further10.py', job, pythonSdk10)) as Steps;
  });
  afterAll(async () => {
    await chain.close();
    rmSync(wallets, { recursive: true });
  });

  /** How the SDK tells of an error of the chain's. */
  const moduleError = (name: string): unknown => [
    false,
    expect.stringContaining(`\`${name}(Module)\``),
    name,
  ];

  it('sets and reads a commitment', () => {
    expect(steps).toMatchObject({
      set_commitment: done,
      get_commitment: 'model v1',
      'set_commitment again': done,
      get_all_commitments: { bob: 'model v2' },
      "nobody's commitment": '',
      'commitment of a stranger': [
        false,
        expect.stringContaining('AccountNotAllowedCommit(Module)'),
        null,
      ],
    });
  });

  it('moves, transfers and swaps stake', () => {
    expect(steps).toMatchObject({
      move_stake: done,
      moved: 100,
      transfer_stake: done,
      transferred: 50,
      swap_stake: done,
      swapped: 30,
      'swap_stake safe': done,
      'swapped back': 20,
      'move_stake nowhere': moduleError('SubnetNotExists'),
    });
  });

  it('sets child keys, which wait, and a delegate take', () => {
    expect(steps).toMatchObject({
      set_children: done,
      children: [],
      'pending children': [[0.5, true]],
      'its own child': moduleError('InvalidChild'),
      'take before': 0.18,
      set_delegate_take: done,
      take: 0.1,
      'take of a stranger': [false, expect.stringContaining('Custom error: 25'), null],
    });
  });

  it('weighs on a second mechanism', () => {
    expect(steps).toMatchObject({
      'mechanisms before': 1,
      set_mechanism_count: done,
      mechanisms: 2,
      'emission split': null,
      'weights of mechanism 1': done,
      // As on the real chain, the pool's check of the rate comes first and fails.
      'weights of mechanism 2': [false, expect.stringContaining('Custom error: 6'), null],
      'row of mechanism 1': [[1, [[0, 65535]]]],
      'row of mechanism 0': [],
    });
  });

  it('joins the root network', () => {
    expect(steps).toMatchObject({
      root_register: done,
      'root uid': 0,
      'root_register again': moduleError('HotKeyAlreadyRegisteredInSubNet'),
    });
  });
});

describe.skipIf(python === undefined)(titled('more calls of SDK 11'), () => {
  const done = [true, null, null];
  let chain: DevChain;
  let steps: Steps = {};

  beforeAll(async () => {
    chain = await startPeerChain(genesis);
    steps = (await runPython('chain_further11.py', { url: chain.url, netuid })) as Steps;
  });
  afterAll(() => chain.close());

  /** The code is the SDK's own. */
  const refused = (name: string): unknown => [false, expect.any(String), name];

  it('sets and reads a commitment', () => {
    expect(steps).toMatchObject({
      set_commitment: done,
      'read.commitment.data': 'model v1',
      commitments: [[1, 'model v1', 'plain']],
      'commitment of a stranger': refused('AccountNotAllowedCommit'),
    });
  });

  it('moves, transfers and swaps stake', () => {
    expect(steps).toMatchObject({
      move_stake: done,
      moved: 100,
      transfer_stake: done,
      transferred: 50,
      swap_stake: done,
      swapped: 30,
      'move_stake nowhere': refused('SubnetNotExists'),
    });
  });

  it('sets child keys, which wait, and a delegate take', () => {
    expect(steps).toMatchObject({
      set_children: done,
      'read.children': [],
      'pending children': [[0.5, true]],
      'its own child': refused('InvalidChild'),
      set_take: done,
      'read.delegate_take.take': expect.closeTo(0.1, 4) as number,
      'take of a stranger': refused('NonAssociatedColdKey'),
    });
  });

  it('weighs on a second mechanism', () => {
    expect(steps).toMatchObject({
      set_mechanism_count: done,
      'read.mechanism_count': 2,
      'weights of mechanism 1': done,
      'weights of mechanism 2': refused('RateLimitExceeded'),
      'read.weights': { 1: { 0: 1 } },
    });
  });

  it('joins the root network', () => {
    expect(steps).toMatchObject({
      root_register: done,
      'read.uid': 0,
      'root_register again': refused('HotKeyAlreadyRegisteredInSubNet'),
    });
  });
});
