import { describe, expect, it } from 'vitest';
import {
  clockFinding,
  driftFinding,
  endpointFindings,
  probeEndpoint,
} from '../../cli/doctor/chain-findings.ts';
import type { EndpointReport } from '../../cli/doctor/chain-findings.ts';
import { axonFinding, pinnedKey, tlsFinding } from '../../cli/doctor/axon-findings.ts';
import type { Finding } from '../../cli/doctor/finding.ts';
import { neuronFindings, pruningOrder } from '../../cli/doctor/neuron-findings.ts';
import type { Role } from '../../cli/doctor/neuron-findings.ts';
import { weightsFindings } from '../../cli/doctor/weights-findings.ts';
import { commitFindings } from '../../cli/doctor/commit-findings.ts';
import type { Chain, PendingCommit, Snapshot } from '../../common/chain-port.ts';
import { SubnetError } from '../../common/errors.ts';
import { tlsAlgorithms, withdrawnTlsKey } from '../../common/tls-key.ts';
import { createFakeChain, fakeHyperparams } from '../fakes/fake-chain.ts';
import { createManualPlatform } from '../fakes/manual-platform.ts';
import { hotkey, neuron, snapshot } from '../validator/build.ts';

function find(findings: readonly Finding[], id: string): Finding | undefined {
  return findings.find((finding) => finding.id === id);
}

function neuronsOf(state: Snapshot, uid: number, role: Role = 'validator'): readonly Finding[] {
  return neuronFindings({ snapshot: state, hotkey: hotkey(uid), role, minNonImmune: 2 });
}

/** Full, nobody immune (immunity 4096 is over at block 10,000). */
function full(count: number, more: Partial<Snapshot> = {}): Snapshot {
  const neurons = Array.from({ length: count }, (_, uid) =>
    neuron(uid, { emissionRao: BigInt(uid), totalStakeRao: BigInt(uid) * 1_000_000_000n }),
  );
  return snapshot(neurons, {
    block: { number: 10_000, hash: '0x00' },
    hyperparams: { ...fakeHyperparams, maxUids: count, maxValidators: 3 },
    ...more,
  });
}

describe('what the doctor says of a neuron', () => {
  it('names the price of registering when the hotkey is not registered', () => {
    const [found] = neuronsOf(snapshot([neuron(0)]), 5);
    expect(found).toMatchObject({ id: 'neuron.registered', status: 'fail' });
    expect(found?.detail).toContain('0.001 TAO');
    expect(found?.fix).toContain('subnets register');
  });

  it('counts seats while there are free ones', () => {
    const found = find(neuronsOf(snapshot([neuron(0)]), 0), 'neuron.pruning');
    expect(found).toMatchObject({ status: 'pass' });
    expect(found?.detail).toContain('1 of 256 seats');
  });

  it.each([
    [0, 'fail', 'number 1'],
    [1, 'fail', 'number 2'],
    [2, 'warn', 'number 3'],
    [7, 'pass', 'number 8'],
  ] as const)('uid %i of a full subnet: %s, %s to be pruned', (uid, status, place) => {
    const found = find(neuronsOf(full(10), uid), 'neuron.pruning');
    expect(found).toMatchObject({ status });
    expect(found?.detail).toContain(place);
  });

  it('prunes least emission first, then the oldest, then the lowest uid', () => {
    const neurons = [
      neuron(0, { emissionRao: 5n, blockAtRegistration: 1 }),
      neuron(1, { emissionRao: 0n, blockAtRegistration: 9 }),
      neuron(2, { emissionRao: 0n, blockAtRegistration: 3 }),
      neuron(3, { emissionRao: 0n, blockAtRegistration: 3 }),
    ];
    const state = snapshot(neurons, { block: { number: 10_000, hash: '0x00' } });
    const question = {
      snapshot: state,
      hotkey: hotkey(0),
      role: 'miner',
      minNonImmune: 2,
    } as const;
    expect(pruningOrder(question).map(({ uid }) => uid)).toEqual([2, 3, 1, 0]);
  });

  it('spares the immune while enough others are there, and the owner always', () => {
    const neurons = [
      neuron(0, { blockAtRegistration: 9_999 }),
      neuron(1, { emissionRao: 9n }),
      neuron(2, { emissionRao: 3n }),
      neuron(3, { emissionRao: 1n }),
      neuron(4),
    ];
    const state = full(5, { neurons, ownerHotkey: hotkey(4) });
    const order = (minNonImmune: number) =>
      pruningOrder({ snapshot: state, hotkey: hotkey(0), role: 'miner', minNonImmune });
    expect(order(2).map(({ uid }) => uid)).toEqual([3, 2, 1]);
    expect(order(3).map(({ uid }) => uid)).toEqual([0]);
  });

  it.each([
    ['stake', { totalStakeRao: 5n, validatorPermit: true }, 10n, 'neuron.stake', 'fail'],
    ['stake', { totalStakeRao: 10n, validatorPermit: true }, 10n, 'neuron.stake', 'pass'],
    ['permit', { totalStakeRao: 10n, validatorPermit: true }, 0n, 'neuron.permit', 'pass'],
    ['permit soon', { totalStakeRao: 10n, validatorPermit: false }, 0n, 'neuron.permit', 'warn'],
    ['no permit', { totalStakeRao: 0n, validatorPermit: false }, 0n, 'neuron.permit', 'fail'],
  ] as const)('%s', (_, own, stakeThresholdRao, id, status) => {
    const state = snapshot([neuron(0, own)], { stakeThresholdRao });
    expect(find(neuronsOf(state, 0), id)).toMatchObject({ status });
  });

  it('says that a permit takes stake, and not that there are too many others', () => {
    const found = find(neuronsOf(snapshot([neuron(0)]), 0), 'neuron.permit');
    expect(found?.detail).toContain('no stake');
    expect(found?.fix).toContain('subnet stake add --netuid 2');
  });

  it('asks no permit of a miner, nor stake of the owner', () => {
    const state = snapshot([neuron(0)], { stakeThresholdRao: 10n, ownerHotkey: hotkey(0) });
    expect(find(neuronsOf(state, 0, 'miner'), 'neuron.permit')).toMatchObject({ status: 'skip' });
    expect(find(neuronsOf(state, 0), 'neuron.stake')).toMatchObject({ status: 'pass' });
    expect(find(neuronsOf(state, 0), 'neuron.permit')).toMatchObject({ status: 'pass' });
  });
});

describe('what the doctor says of weights', () => {
  const asked = (state: Snapshot, pending = 0): readonly Finding[] =>
    weightsFindings({
      snapshot: state,
      hotkey: hotkey(0),
      pending: Array.from({ length: pending }, (_, at) => ({
        mecid: 0,
        commit: { kind: 'hash', hash: '0x00', block: at, epoch: state.epoch.tempo },
      })),
    });

  it('tells how weights get there', () => {
    const hidden = { ...fakeHyperparams, commitRevealEnabled: true };
    const mode = (state: Snapshot) => find(asked(state), 'weights.mode')?.detail;
    expect(mode(snapshot([neuron(0)]))).toContain('plain weights');
    expect(mode(snapshot([neuron(0)], { hyperparams: hidden }))).toContain(
      'timelocked (version 4)',
    );
    const old = snapshot([neuron(0)], { hyperparams: hidden, commitRevealVersion: null });
    expect(mode(old)).toContain('by hash');
  });

  it('tells when the rate limit clears', () => {
    const hyperparams = { ...fakeHyperparams, weightsRateLimit: 100 };
    const state = snapshot([neuron(0, { lastUpdate: 90 })], { hyperparams });
    expect(find(asked(state), 'weights.rate-limit')?.detail).toContain('clears at block 190');
    const fresh = snapshot([neuron(0, { lastUpdate: 90, blockAtRegistration: 90 })]);
    expect(find(asked(fresh), 'weights.rate-limit')?.detail).toContain('never set');
  });

  it('warns of many pending commits and of inactivity', () => {
    const state = snapshot([neuron(0)], { block: { number: 9000, hash: '0x00' } });
    expect(asked(state, 9).at(-3)).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('9 commits'),
    });
    expect(find(asked(state), 'weights.pending')).toMatchObject({ status: 'pass' });
    expect(find(asked(state), 'weights.activity')).toMatchObject({ status: 'warn' });
    expect(find(asked(state), 'weights.vtrust')).toMatchObject({ status: 'skip' });
    const low = snapshot([neuron(0, { validatorPermit: true, validatorTrust: 0.2 })]);
    expect(find(asked(low), 'weights.vtrust')).toMatchObject({ status: 'warn' });
  });
});

describe('what the doctor says of a commit', () => {
  /** At block 2100, in epoch 103 of 40 blocks each; the next one begins at 2120. */
  const state = (more: Partial<Snapshot> = {}, lastUpdate = 1944): Snapshot =>
    snapshot([neuron(0, { lastUpdate })], {
      block: { number: 2100, hash: '0x00' },
      hyperparams: {
        ...fakeHyperparams,
        tempo: 40,
        commitRevealEnabled: true,
        commitRevealPeriod: 1,
      },
      epoch: {
        model: 'stateful',
        tempo: 40,
        lastEpochBlock: 2080,
        pendingEpochAt: 0,
        epochIndex: 103,
        blocksSinceLastStep: 20,
      },
      ...more,
    });
  const hash = (epoch: number | null, block: number) =>
    ({ kind: 'hash', hash: '0x00', block, epoch }) as const;
  const of = (facts: Snapshot, commit: PendingCommit): Finding | undefined =>
    commitFindings({ snapshot: facts, hotkey: hotkey(0), pending: [{ mecid: 0, commit }] })[0];
  const off = { ...state().hyperparams, commitRevealEnabled: false };
  const modulo = { model: 'modulo', tempo: 39, blocksSinceLastStep: 0 } as const;

  it.each([
    ['lost', hash(99, 1944), state(), 'fail', 'expired about block 1999'],
    ['lost just now', hash(101, 2010), state(), 'fail', 'expired at block 2079'],
    ['made good later', hash(99, 1944), state({}, 2005), 'warn', 'again at block 2005'],
    ['open', hash(102, 2070), state(), 'warn', 'now, up to block 2119'],
    ['early', hash(103, 2090), state(), 'pass', 'from block 2120 to 2159'],
    ['switched off', hash(103, 2090), state({ hyperparams: off }), 'fail', 'switched off'],
    ['older runtimes', hash(null, 1944), state({ epoch: modulo }), 'fail', 'at block 1996'],
  ] as const)('by hash, %s', (_, commit, facts, status, text) => {
    const found = of(facts, commit);
    expect(found).toMatchObject({ id: 'weights.pending', status });
    expect(found?.detail).toContain(text);
    expect(found?.detail).toContain(`commit of block ${commit.block}`);
  });

  it.each([
    [103, 2100, 'pass', 'from block 2120 to 2159, with round 77'],
    [102, 2085, 'pass', 'from block 2080 to 2119'],
    [102, 2100, 'warn', 'not there yet'],
    [99, 2100, 'fail', 'expired'],
  ] as const)('timelocked of epoch %i, at block %i', (epoch, number, status, text) => {
    const commit = { kind: 'timelocked', hash: '0x', block: 1944, epoch, revealRound: 77 } as const;
    const found = of(state({ block: { number, hash: '0x00' } }), commit);
    expect(found).toMatchObject({ status });
    expect(found?.detail).toContain(text);
  });
});

describe('what the doctor says of endpoints and clocks', () => {
  const report = (more: Partial<EndpointReport>): EndpointReport => ({
    url: 'ws://127.0.0.1:1',
    genesisHash: '0xaa',
    head: { number: 100, hash: '0x01' },
    connectMs: 20,
    answerMs: 10,
    problem: null,
    ...more,
  });

  it.each([
    ['dead', { problem: 'no connection', head: null, genesisHash: null }, 'warn'],
    ['lagging', { head: { number: 90, hash: '0x01' } }, 'warn'],
    ['slow', { answerMs: 5000 }, 'warn'],
    ['good', {}, 'pass'],
  ] as const)('an endpoint that is %s', (_, more, status) => {
    const [, found] = endpointFindings([report({}), report(more)], null);
    expect(found).toMatchObject({ id: 'chain.endpoint', status });
  });

  it('fails only when no endpoint answers', () => {
    const dead = report({ problem: 'no connection', head: null, genesisHash: null });
    const [one] = endpointFindings([dead, report({})], null);
    expect(one).toMatchObject({ status: 'warn', detail: expect.stringContaining('(1 of 2)') });
    const none = endpointFindings([dead, dead], null);
    expect(none.map(({ status }) => status)).toEqual(['fail', 'fail', 'skip']);
    expect(none[0]?.detail).toBe('ws://127.0.0.1:1 does not answer (2 of 2): no connection');
  });

  it('shows no user, path or query of an endpoint', async () => {
    const url = 'ws://canary:canary@host/canary?key=canary';
    const dead = { url, problem: 'no connection', head: null, genesisHash: null };
    for (const more of [{ url }, { url, answerMs: 5000 }, dead, { url, genesisHash: '0xbb' }]) {
      const text = JSON.stringify(endpointFindings([report(more), report({})], null));
      expect(text).toContain('ws://host');
      expect(text).not.toContain('canary');
    }
    const refuse = () => {
      return Promise.reject(new SubnetError('CHAIN_UNREACHABLE', { detail: 'ws://host: gone' }));
    };
    expect((await probeEndpoint(url, refuse, createManualPlatform())).problem).toBe('gone');
  });

  it('tells the cause at one endpoint, not that of all of them', async () => {
    const detail = 'ws://x: no connection';
    const refuse = () => Promise.reject(new SubnetError('CHAIN_UNREACHABLE', { detail }));
    const platform = createManualPlatform();
    expect((await probeEndpoint('ws://x', refuse, platform)).problem).toBe('no connection');
    const broken = () => Promise.reject(new Error('EMFILE'));
    expect((await probeEndpoint('ws://x', broken, platform)).problem).toBe('EMFILE');
  });

  it('reads the clock of a chain on which the subnet does not exist', async () => {
    const chain = createFakeChain();
    chain.addSubnet(0);
    const advancing: Chain = {
      ...chain,
      onHead: (listener) => {
        queueMicrotask(() => chain.advance());
        return chain.onHead(listener);
      },
    };
    const asked = clockFinding(advancing, 77, createManualPlatform());
    expect((await asked).detail).toContain('the time of block');
  });

  it('refuses endpoints of two chains, and of another chain than its name says', () => {
    const two = endpointFindings([report({}), report({ genesisHash: '0xbb' })], null);
    expect(find(two, 'chain.identity')).toMatchObject({ status: 'fail' });
    const finney = { name: 'finney', genesisHash: '0xff' };
    expect(find(endpointFindings([report({})], finney), 'chain.identity')?.status).toBe('fail');
    const same = { name: 'local', genesisHash: '0xaa' };
    expect(find(endpointFindings([report({})], same), 'chain.identity')?.status).toBe('pass');
  });

  it.each([
    [0, 'pass'],
    [15_000, 'pass'],
    [-1500, 'pass'],
    [-2500, 'fail'],
    [21_000, 'fail'],
  ] as const)('a clock that differs by %i ms', (driftMs, status) => {
    const state = snapshot([]);
    const found = driftFinding(state, state.chainTimeMs + driftMs);
    expect(found).toMatchObject({ status });
    const side = driftMs < 0 ? 'before' : 'after';
    expect(found.detail).toContain(`${Math.abs(driftMs / 1000).toFixed(1)} s ${side} the time`);
  });
});

describe('what the doctor says of an axon', () => {
  it.each([
    ['as configured', { ip: '8.8.8.8', port: 8091, tls: false }, 'pass'],
    ['left to the miner', { ip: null, port: null, tls: false }, 'pass'],
    ['of another port', { ip: '8.8.8.8', port: 9000, tls: false }, 'fail'],
    ['of another address', { ip: '8.8.4.4', port: 8091, tls: false }, 'fail'],
  ] as const)('%s', (_, configured, status) => {
    expect(axonFinding(snapshot([neuron(0)]), hotkey(0), configured)).toMatchObject({ status });
  });

  it.each([
    ['on chain and in the YAML', true, true, 'pass'],
    ['nowhere', false, false, 'pass'],
    ['in the YAML alone', false, true, 'fail'],
    ['on chain alone', true, false, 'fail'],
  ] as const)('whose certificate is %s', (_, isOnChain, tls, status) => {
    const key = { algorithm: tlsAlgorithms.ed25519, publicKey: new Uint8Array(32) };
    const pinned = pinnedKey(isOnChain ? key : withdrawnTlsKey);
    expect(tlsFinding(pinned, { ip: null, port: null, tls })).toMatchObject({ status });
    expect(tlsFinding(pinned, null)).toMatchObject({ status: 'pass' });
  });

  it('that is not there, or local', () => {
    const none = snapshot([neuron(0, { axon: null })]);
    expect(axonFinding(none, hotkey(0), null)).toMatchObject({ status: 'fail' });
    const axon = {
      ip: '127.0.0.2',
      port: 1,
      ipType: 4,
      protocol: 4,
      version: 1,
      block: 1,
    } as const;
    const local = snapshot([neuron(0, { axon })]);
    expect(axonFinding(local, hotkey(0), null)).toMatchObject({ status: 'warn' });
    expect(axonFinding(local, hotkey(9), null)).toMatchObject({ status: 'skip' });
  });
});
