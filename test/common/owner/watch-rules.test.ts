import { describe, expect, it } from 'vitest';
import type { BlockRef } from '../../../common/chain-port.ts';
import { watchRules } from '../../../common/owner/check-rules.ts';
import type { RulesQuestion } from '../../../common/owner/check-rules.ts';
import type { Logger } from '../../../common/telemetry-port.ts';
import { fakeView } from '../../fakes/fake-view.ts';

const owner = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
const ours = 'aa'.repeat(32);
const other = 'bb'.repeat(32);
const question: RulesQuestion = {
  netuid: 2,
  file: 'subnet.yaml',
  sha256: ours,
  onMismatch: 'warn',
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A chain on which the owner committed `sha256`, blocks on command, and what was logged of it. */
function world() {
  const logged: string[] = [];
  const note = (message: string): void => void logged.push(message);
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
  const state: { sha256: string | null; down: boolean; reads: number } = {
    sha256: ours,
    down: false,
    reads: 0,
  };
  let listener: ((head: BlockRef) => void) | null = null;
  const chain = {
    onHead: (one: (head: BlockRef) => void) => {
      listener = one;
      return () => (listener = null);
    },
    view: async () => {
      state.reads += 1;
      if (state.down) throw new Error('no answer');
      const info = { fields: [{ sha256: `0x${state.sha256}` }] };
      return fakeView({
        storage: {
          SubnetOwnerHotkey: { 2: owner },
          'Commitments.CommitmentOf':
            state.sha256 === null ? {} : { [`2/${owner}`]: { info, block: 7 } },
        },
      });
    },
  };
  const pass = async (from: number, to: number): Promise<void> => {
    for (let number = from; number <= to; number += 1) listener?.({ number, hash: '0x' });
    await turn();
  };
  return { chain, log, logged, state, pass, isListening: () => listener !== null };
}

describe('rules of the owner, in the middle of a run', () => {
  it('are told once when they change, and again when they agree', async () => {
    const { chain, log, logged, state, pass } = world();
    watchRules(chain, question, { kind: 'same', block: 7 }, log);
    await pass(100, 160);
    expect([state.reads, logged]).toEqual([1, []]);
    state.sha256 = other;
    await pass(161, 260);
    expect(logged).toEqual(['the owner committed other rules on chain']);
    await pass(261, 320);
    expect(logged).toHaveLength(1);
    state.sha256 = ours;
    await pass(321, 380);
    expect(logged).toEqual([
      'the owner committed other rules on chain',
      'rules agree with the chain',
    ]);
  });

  it('are looked at again after a chain that did not answer', async () => {
    const { chain, log, logged, state, pass } = world();
    watchRules(chain, question, { kind: 'same', block: 7 }, log);
    Object.assign(state, { down: true, sha256: other });
    await pass(100, 160);
    expect(logged).toEqual([]);
    state.down = false;
    await pass(161, 210);
    expect(logged).toEqual(['the owner committed other rules on chain']);
  });

  it('are looked at again on a chain that was set back', async () => {
    const { chain, log, logged, state, pass } = world();
    watchRules(chain, question, { kind: 'same', block: 7 }, log);
    await pass(1000, 1010);
    state.sha256 = other;
    await pass(300, 310);
    expect(logged).toEqual(['the owner committed other rules on chain']);
  });

  it('are left alone where they are ignored, and when the node ends', async () => {
    const ignored = world();
    const ignore = { ...question, onMismatch: 'ignore' } as const;
    watchRules(ignored.chain, ignore, { kind: 'none' }, ignored.log);
    expect(ignored.isListening()).toBe(false);
    const ended = world();
    watchRules(ended.chain, question, { kind: 'none' }, ended.log)();
    expect(ended.isListening()).toBe(false);
  });
});
