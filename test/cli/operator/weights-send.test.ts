import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CliIo } from '../../../cli/io.ts';
import type { OperatorDeps } from '../../../cli/operator/session.ts';
import { weightsCommand } from '../../../cli/weights.ts';
import { isSubnetError } from '../../../common/errors.ts';
import { signerFromSuri } from '../../../common/keys/keys.ts';
import { loadSr25519 } from '../../../common/keys/sr25519.ts';
import { createWallet } from '../../../common/keys/wallet.ts';
import type { StateView } from '../../../common/state-view.ts';
import { createFakeChain, fakeBeacon } from '../../fakes/fake-chain.ts';
import type { FakeChain } from '../../fakes/fake-chain.ts';
import { fakePrompter } from '../../fakes/fake-prompter.ts';
import { fakeView } from '../../fakes/fake-view.ts';
import { fromHex } from '../../../common/hex.ts';
import vectors from '../../vectors/timelock.json' with { type: 'json' };

const sr25519 = loadSr25519();
const quicknetKey = fromHex(vectors.publicKey) ?? new Uint8Array();
const hotkey = signerFromSuri(sr25519, '//Val').ss58;
const miner = signerFromSuri(sr25519, '//Min').ss58;
const weightArgs = ['--netuid', '2', '--uids', '0,1', '--weights', '0,1', '--yes', '--json'];

let dir = '';
let chain: FakeChain;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'weights-'));
  createWallet(
    sr25519,
    { path: dir, name: 'val', hotkey: 'default' },
    {
      coldkey: 'none',
      hotkeySuri: '//Val',
    },
  );
  chain = createFakeChain({ beacon: { ...fakeBeacon, publicKey: quicknetKey } });
  chain.addSubnet(2, { hyperparams: { commitRevealEnabled: true } });
  chain.addNeuron(2, { hotkey, validatorPermit: true, totalStakeRao: 10n ** 12n });
  chain.addNeuron(2, { hotkey: miner });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The fake chain's weights and seats as a view. */
function viewOf(): StateView {
  const view = fakeView({
    storage: {},
    calls: {
      'SubtensorModule.set_weights': ['netuid', 'dests', 'weights', 'version_key'],
      'SubtensorModule.commit_weights': ['netuid', 'commit_hash'],
      'SubtensorModule.reveal_weights': ['netuid', 'uids', 'values', 'salt', 'version_key'],
      'SubtensorModule.commit_timelocked_weights': [
        'netuid',
        'commit',
        'reveal_round',
        'commit_reveal_version',
      ],
    },
  });
  return {
    ...view,
    storage: async (_, item, ...keys) =>
      item === 'Uids'
        ? chain.uidOf(2, hotkey)
        : (await chain.weightsOf(Number(keys[0]), Number(keys[1]))).map((pair) => [...pair]),
  };
}

interface Ended {
  readonly code: string;
  readonly message: string;
  readonly json: Record<string, unknown>;
}

async function weights(...args: readonly string[]): Promise<Ended> {
  const out: string[] = [];
  const io: CliIo = {
    out: (text) => void out.push(text),
    err: () => undefined,
    env: { BT_WALLET_PATH: dir, BT_WALLET_NAME: 'val' },
    isTty: false,
    colour: false,
    columns: 80,
    signal: new AbortController().signal,
    setExitCode: () => undefined,
  };
  const deps: OperatorDeps = {
    connect: async () =>
      Object.assign(Object.create(chain) as FakeChain, {
        view: async () => viewOf(),
        // The next command of the same test goes on with it.
        close: async () => undefined,
      }),
    prompter: () => fakePrompter(true),
    open: async () => signerFromSuri(sr25519, '//Val'),
  };
  const ended = (code: string, message: string): Ended => ({
    code,
    message,
    json: JSON.parse(out.at(-1) ?? '{}') as Record<string, unknown>,
  });
  try {
    await weightsCommand(io, deps).parseAsync([...args], { from: 'user' });
    return ended('ok', '');
  } catch (error) {
    if (isSubnetError(error)) return ended(error.code, error.message);
    throw error;
  }
}

describe('weights by hand, where commit-reveal is on', () => {
  it('set commits them timelocked, and finds the commit on chain', async () => {
    const { json, message } = await weights('set', ...weightArgs);
    expect(message).toBe('');
    expect(chain.submissions.map(({ call }) => call.call)).toEqual(['commit_timelocked_weights']);
    const [pending] = await chain.pendingCommits(2, 0, hotkey);
    expect(json).toMatchObject({ ok: true, commit: pending?.hash });
    expect(json['revealFromBlock']).toBeGreaterThan((await chain.head()).number);
  });

  it('commit writes the salt first, reveal shows it in its epoch and no sooner', async () => {
    const file = join(dir, 'salt.json');
    const committed = await weights('commit', ...weightArgs, '--salt-file', file);
    expect(committed.message).toBe('');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const stored = JSON.parse(readFileSync(file, 'utf8')) as { hash: string; revealBlock: number };
    expect(committed.json['commit']).toBe(stored.hash);

    const early = await weights('reveal', '--salt-file', file, '--yes', '--json');
    expect(early.code).toBe('CALL_TOO_SOON');
    expect(early.message).toContain(`clearsAtBlock=${stored.revealBlock}`);

    chain.advance(stored.revealBlock - (await chain.head()).number);
    const revealed = await weights('reveal', '--salt-file', file, '--yes', '--json');
    expect(revealed.message).toBe('');
    expect(revealed.json).toMatchObject({ ok: true, effective: true, row: '0:0 1:65535' });
    const again = await weights('reveal', '--salt-file', file, '--yes', '--json');
    expect(again.message).toMatch(/NoWeightsCommitFound/);
  });

  it('nothing is sent when the salt cannot be kept', async () => {
    const file = join(dir, 'no', 'folder');
    const { code } = await weights('commit', ...weightArgs, '--salt-file', file);
    expect(code).toBe('SALT_FILE_UNWRITABLE');
    expect(chain.submissions).toEqual([]);
  });

  it('the true cause is told: stake, permit, rate limit', async () => {
    chain.patchNeuron(2, 0, { validatorPermit: false });
    expect((await weights('set', ...weightArgs)).message).toMatch(/NeuronNoValidatorPermit/);
    chain.patchSubnet(2, { stakeThresholdRao: 10n ** 15n });
    expect((await weights('set', ...weightArgs)).code).toBe('STAKE_TOO_LOW');
    expect(chain.submissions).toEqual([]);
  });

  it('a chain without a beacon takes no timelocked commit', async () => {
    chain = createFakeChain({ beacon: null });
    chain.addSubnet(2, { hyperparams: { commitRevealEnabled: true } });
    const { code, message } = await weights('set', ...weightArgs);
    expect(code).toBe('CALL_REFUSED');
    expect(message).toMatch(/no beacon/);
  });
});
