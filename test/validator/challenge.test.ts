import { describe, expect, it } from 'vitest';
import { sampleSeed, makeChallenges } from '../../validator/challenge.ts';
import { challengeSeed, secretCommitment } from '../../tasks/prng.ts';
import { digits } from '../sim/world.ts';
import { hotkey } from './build.ts';

const context = { blockHash: '0xabc', secret: new Uint8Array(32).fill(3), round: 7 };
const axon = { ip: '8.8.8.8', port: 8091, ipType: 4, protocol: 4, version: 1, block: 1 } as const;
const target = (uid: number) => ({ uid, hotkey: hotkey(uid), axon });
const { tasks } = digits();

describe('makeChallenges', () => {
  it('gives each miner its own, and the same one again from what the evidence discloses', () => {
    const [one, two] = makeChallenges(tasks, context, [target(1), target(2)]);
    const again = tasks[0]!.generate(
      challengeSeed({ ...context, hotkey: hotkey(1), task: tasks[0]!.name }),
    );
    expect(one!.challenge).toEqual(again);
    expect(one!.challenge.inputs).not.toEqual(two!.challenge.inputs);
  });

  it('changes with each of block, secret and round', () => {
    const first = JSON.stringify(makeChallenges(tasks, context, [target(1)])[0]!.challenge.truth);
    const others = [
      { ...context, blockHash: '0xabd' },
      { ...context, secret: new Uint8Array(32).fill(4) },
      { ...context, round: 8 },
    ];
    for (const other of others) {
      const made = makeChallenges(tasks, other, [target(1)])[0]!.challenge.truth;
      expect(JSON.stringify(made)).not.toBe(first);
    }
  });

  it('makes none for who serves nothing', () => {
    expect(makeChallenges(tasks, context, [{ ...target(1), axon: null }])).toEqual([]);
  });

  it('does not hand the truth out with the inputs', () => {
    const [one] = makeChallenges(tasks, context, [target(1)]);
    const names = one!.challenge.inputs.map(({ name }) => name);
    expect(names).toEqual(tasks[0]!.inputs.map(({ name }) => name));
  });

  it('draws the sample from another seed than any challenge, behind the same commitment', () => {
    const sample = sampleSeed(context);
    expect(sample).toHaveLength(32);
    expect(sample).not.toEqual(challengeSeed({ ...context, hotkey: hotkey(1), task: 'digits' }));
    expect(secretCommitment(context.secret)).not.toEqual(context.secret);
  });
});
