import { describe, expect, it } from 'vitest';
import { alertsOf } from '../../validator/alerts.ts';
import { explain } from '../../validator/explain.ts';
import type { StatusFacts } from '../../validator/explain.ts';
import { createLoop } from '../../validator/loop.ts';
import { skip } from '../../validator/weights/skip.ts';
import type { MechanismReport } from '../../validator/weights/tend.ts';
import { ownNetworkSuspect, voidRound } from '../../validator/outcome.ts';
import type { VoidRound } from '../../validator/outcome.ts';
import { fault } from '../../common/fault.ts';
import type { FaultReason } from '../../common/fault.ts';
import { simMiner } from '../sim/sim-miner.ts';
import { nearestMean } from '../sim/sim-models.ts';
import { createWorld, key, sr25519, train } from '../sim/world.ts';
import { createRig, first, tempo } from './weights-rig.ts';
import { board, entry, hotkey, neuron, snapshot } from './build.ts';

const facts: StatusFacts = {
  netuid: 2,
  hotkey: hotkey(0),
  round: 4,
  board: board(),
  vectors: [],
  snapshot: null,
  head: null,
  voided: null,
  reports: [],
  endpoints: [],
  alerts: [],
  running: false,
};

describe('explain', () => {
  it('sorts miners by uid and says in words why each stands where it does', () => {
    const window = [{ round: 1, task: 'digits', correct: 6, total: 64 }];
    const status = explain({
      ...facts,
      board: board(
        entry(3, 0, { rounds: 2, window }),
        entry(1, 0.5, { rounds: 2, window: [{ ...window[0]!, correct: 60 }] }),
        entry(2, 0, { rounds: 3, faults: 3, lastFault: 'timeout' }),
        entry(4, 0, { rounds: 0 }),
      ),
    });
    expect(status.miners.map(({ uid, note }) => [uid, note])).toEqual([
      [1, '93.8 % of 64 items right'],
      [2, 'no good answer yet: timeout'],
      [3, '9.4 % of 64 items right: chance'],
      [4, 'not asked yet'],
    ]);
  });

  it('survives being written as JSON', () => {
    const status = explain({ ...facts, snapshot: snapshot([neuron(0)]) });
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
    expect(status).toMatchObject({ uid: 0, vtrust: 0, ok: true, weights: null });
  });
});

describe('alertsOf', () => {
  const calm = {
    snapshot: snapshot([neuron(0, { lastUpdate: 96 })]),
    hotkey: hotkey(0),
    voided: null as VoidRound | null,
    silentRounds: 0,
    unjudged: [],
  };
  const quiet: MechanismReport = {
    mecid: 0,
    report: skip('not-due', 'later'),
    blocked: null,
    stepped: [],
    newest: null,
    failed: null,
    lost: [],
    lostUntilBlock: null,
    wakeAtBlock: null,
  };
  const names = ({
    weights,
    ...more
  }: Partial<typeof calm> & { weights?: Partial<MechanismReport> }): string[] =>
    alertsOf({ ...calm, weights: [{ ...quiet, ...weights }], ...more }).map(({ name }) => name);

  it('is silent when all is well, and while time alone will heal it', () => {
    expect(names({})).toEqual([]);
    expect(names({ weights: { blocked: skip('rate-limit', 'wait', 120) } })).toEqual([]);
  });

  it('wakes when nobody earns any more, and not before anybody has', async () => {
    const rig = await createRig();
    const before = await rig.tend({ kind: 'no-vector', reason: 'no miner has a score' });
    expect(names({ weights: before })).not.toContain('none-earn');
    await rig.tend(first);
    rig.chain.advance(tempo);
    const report = await rig.tend({ kind: 'no-vector', reason: 'no miner has a score' });
    const alerts = alertsOf({ ...calm, weights: [report] });
    expect(alerts.find(({ name }) => name === 'none-earn')?.detail).toMatch(/follows vector 0/);
  });

  it('wakes for what time will not heal', () => {
    expect(names({ hotkey: hotkey(9) })).toContain('not-registered');
    expect(names({ weights: { blocked: skip('no-permit', 'more stake') } })).toEqual([
      'weights-blocked',
    ]);
    expect(names({ voided: { reason: 'network', detail: '' } })).toEqual(['network-suspect']);
    expect(names({ voided: { reason: 'refused', detail: '' } })).toEqual(['not-admitted']);
    expect([names({ silentRounds: 2 }), names({ silentRounds: 3 })]).toEqual([[], ['no-answers']]);
    const late = snapshot([neuron(0, { lastUpdate: 20, blockAtRegistration: 1 })]);
    expect(names({ snapshot: late })).toEqual(['epoch-missed']);
  });
});

describe('ownNetworkSuspect', () => {
  const outcomes = (...reasons: FaultReason[]) =>
    reasons.map((reason, uid) => ({
      uid,
      hotkey: hotkey(uid),
      task: 'digits',
      sent: null,
      got: null,
      result: fault(reason, ''),
    }));

  it('suspects itself only when several peers all failed on the way, and not for ever', () => {
    const all = outcomes('timeout', 'unreachable', 'reset');
    expect(ownNetworkSuspect(all, 0)).toBe(true);
    expect(ownNetworkSuspect(all, 3)).toBe(false);
    expect(ownNetworkSuspect(all.slice(1), 0)).toBe(false);
    expect(ownNetworkSuspect(outcomes('timeout', 'reset', 'bad-receipt'), 0)).toBe(false);
    expect(ownNetworkSuspect([], 0)).toBe(false);
  });

  const own = (more: object = {}, miners = 10) => ({
    snapshot: snapshot(
      [
        neuron(50, { validatorPermit: true, totalStakeRao: 9n, ...more }),
        ...Array.from({ length: miners }, (_, uid) => neuron(uid)),
      ],
      { stakeThresholdRao: 5n },
    ),
    hotkey: hotkey(50),
    voidRounds: 0,
  });
  const refusals = (count: number) =>
    outcomes(...Array.from({ length: count }, (): FaultReason => 'not-admitted'));

  it('suspects its own standing when nearly all that answer refuse it', () => {
    expect(voidRound(refusals(1), own())).toMatchObject({ reason: 'refused' });
    expect(voidRound([...refusals(9), ...outcomes('bad-answer')], own())?.detail).toMatch(/9 of 9/);
    const some = [...refusals(8), { ...outcomes('bad-answer')[0]!, hotkey: hotkey(9) }];
    expect(voidRound(some, own())).toBeNull();
    expect(voidRound(refusals(3), { ...own(), voidRounds: 30 })).toBeNull();
    expect(voidRound(outcomes('http-status', 'bad-answer', 'timeout'), own())).toBeNull();
  });

  it('believes every refusal that the chain explains, for as long as it does', () => {
    const mixed = outcomes('not-admitted', 'bad-answer', 'bad-answer', 'timeout');
    expect(voidRound(mixed, own())).toBeNull();
    const without = { ...own({ validatorPermit: false }), voidRounds: 99 };
    expect(voidRound(mixed, without)?.detail).toMatch(/no validator permit/);
    expect(voidRound(mixed, own({ totalStakeRao: 4n }))?.detail).toMatch(/stake is too low/);
    expect(voidRound(mixed, { ...own(), hotkey: hotkey(77) })?.detail).toMatch(/not registered/);
    expect(voidRound(mixed.slice(1), without)).toBeNull();
  });
});

describe('one round and out', () => {
  const options = { once: true, headTimeoutMs: 1e9, signal: new AbortController().signal };

  async function setup(dryRun: boolean) {
    const world = createWorld();
    const { platform } = world;
    world.addValidator('alpha');
    const model = nearestMean(train);
    world.addMiner('good', simMiner({ signer: key('good'), verifier: sr25519, platform, model }));
    world.chain.advance(15);
    const node = await world.node('alpha');
    const submit = { ...node.config.submit, dryRun };
    return { world, loop: createLoop(node.deps, { ...node.config, submit }, options) };
  }

  it('sets weights if they can be set', async () => {
    const { world, loop } = await setup(false);
    expect(loop.healthy()).toBe(false);
    await loop.run();
    expect(world.chain.submissions).toHaveLength(1);
    expect(loop.status()).toMatchObject({ round: 1, ok: true, weights: { state: 'effective' } });
    expect(loop.healthy()).toBe(true);
  });

  it('only shows them in a dry run', async () => {
    const { world, loop } = await setup(true);
    await loop.run();
    expect(world.chain.submissions).toEqual([]);
    expect(loop.status().proposed).toEqual({ uids: [1], values: [65535], blocked: null });
  });

  it('fails with the reason when the chain is not there', async () => {
    const { world, loop } = await setup(false);
    world.chain.disconnect();
    await expect(loop.run()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
  });
});
