import { describe, expect, it } from 'vitest';
import { alertsOf } from '../../validator/alerts.ts';
import type { MechanismReport } from '../../validator/weights/tend.ts';
import { key, netuid } from '../sim/world.ts';
import { commitReveal, createRig, first, second, tempo } from './weights-rig.ts';
import type { Rig } from './weights-rig.ts';

const none = { kind: 'no-vector', reason: 'enough' } as const;
const wentBack = /^the chain went back behind block \d+ \(its hash changed\)$/;

async function alertsAfter(rig: Rig, report: MechanismReport) {
  const snapshot = await rig.chain.snapshot(netuid);
  const hotkey = key('alpha').ss58;
  return alertsOf({
    snapshot,
    hotkey,
    weights: [report],
    voided: null,
    silentRounds: 0,
    unjudged: [],
  }).map(({ name }) => name);
}

describe.each(['plain', 'timelocked', 'hash'] as const)('a chain that goes back (%s)', (path) => {
  const options = path === 'plain' ? {} : commitReveal;
  const more = path === 'hash' ? ({ submit: { commit: 'hash' } } as const) : {};

  it.each([0, 12])('far behind a vector has lost it, seen %i blocks later', async (later) => {
    const rig = await createRig(options);
    const setBack = rig.chain.keep();
    rig.chain.advance(14);
    await rig.tend(first, more);
    const { number } = await rig.chain.head();
    setBack();
    rig.chain.advance(later);
    const report = await rig.tend(second, more);
    expect(report.stepped[0]).toMatchObject({ id: 0, state: 'lapsed' });
    expect(report.stepped[0]?.reason).toMatch(wentBack);
    expect(report.stepped[0]?.reason).toContain(` ${number} `);
    const state = path === 'plain' ? 'effective' : 'committed';
    expect(report.report).toMatchObject({ record: { state, values: second.values } });
    if (path !== 'plain') expect(await alertsAfter(rig, report)).toContain('weights-lost');
  });

  it('a little sends the very same again', async () => {
    const rig = await createRig(options);
    rig.chain.advance(8);
    const setBack = rig.chain.keep();
    await rig.tend(first, more);
    setBack();
    rig.chain.advance(2);
    const seen = await rig.tend(second, more);
    expect(seen.newest).toMatchObject({ state: 'unknown' });
    expect(seen.newest?.reason).toMatch(wentBack);
    rig.chain.advance(4);
    const state = path === 'plain' ? 'effective' : 'committed';
    expect((await rig.tend(second, more)).report).toMatchObject({
      record: { id: 0, state, attempts: 2 },
    });
    const [one, two] = rig.chain.submissions.map(({ call }) => call);
    expect(two).toEqual(one);
  });

  it('behind what an endpoint has that lags is not gone', async () => {
    const rig = await createRig(options);
    const setBack = rig.chain.keep();
    rig.chain.advance(2);
    await rig.tend(first, more);
    const before = await rig.records();
    setBack();
    await rig.tend(first, more);
    expect(await rig.records()).toEqual(before);
  });
});

describe('a chain that goes back', () => {
  it('behind a reveal waits for it once more', async () => {
    const rig = await createRig(commitReveal);
    await rig.tend(first);
    const { nextEpochBlock } = await rig.chain.snapshot(netuid);
    while ((await rig.chain.head()).number < (nextEpochBlock ?? 0) - 1) rig.chain.advance();
    const setBack = rig.chain.keep();
    await rig.live(none, 8);
    const [before] = await rig.records();
    expect(before).toMatchObject({ state: 'effective' });
    setBack();
    expect(await rig.chain.weightsOf(netuid, 0)).toEqual([]);
    await rig.live(none, tempo - 2);
    expect((await rig.records())[0]).toMatchObject({ state: 'effective' });
    expect(await rig.chain.weightsOf(netuid, 0)).not.toEqual([]);
  });

  it('is found out a few blocks after weights took effect, round or not', async () => {
    const rig = await createRig();
    const report = await rig.tend(first);
    const { number } = await rig.chain.head();
    expect(report.wakeAtBlock).toBe(number + 4);
    await rig.live(first, 4);
    expect((await rig.tend(first)).wakeAtBlock).toBeNull();
  });

  it('does not keep what was sent and not seen waiting', async () => {
    const rig = await createRig();
    const setBack = rig.chain.keep();
    rig.chain.advance(30);
    rig.chain.answerNextSubmit({ kind: 'unknown', message: 'the connection broke' });
    await rig.tend(first);
    setBack();
    const report = await rig.tend(second);
    expect(report.stepped[0]).toMatchObject({ id: 0, state: 'lapsed' });
    expect(report.report).toMatchObject({ record: { state: 'effective' } });
  });
});
