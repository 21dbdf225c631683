import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import type { Chain, ChainCall, RuntimeFacts } from '../../common/chain-port.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { readSnapshot } from '../../common/chain/snapshot.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createPlatform } from '../../common/node/platform.ts';
import type { StateSource } from '../../common/state-view.ts';
import { limitedTo } from '../fakes/limited-view.ts';
import { contractGenesis, silent } from './chain-world.ts';

describe('a metagraph from each source that runtimes have', () => {
  let dev: DevChain;
  let chain: Chain & StateSource;
  const bob = signerFromSuri(loadSr25519(), '//Bob');
  const validator = signerFromSuri(loadSr25519(), '//Validator');
  beforeAll(async () => {
    const genesis = contractGenesis;
    dev = await startDevChain({ port: 0, blockTimeMs: 150, genesis, log: silent });
    const platform = createPlatform();
    chain = await connectChain({ endpoints: [dev.url], platform, logger: silent });
    const hotkey = validator.ss58;
    // Root stake counts by TaoWeight; an axon and emission make the rest differ from zero.
    for (const netuid of [0, 1]) {
      const amountRao = 7_000_000_003n;
      await chain.submit({ call: 'add_stake', hotkey, netuid, amountRao }, bob);
    }
    const axon = { call: 'serve_axon', netuid: 1, version: 1, ip: '10.1.2.3', port: 80 } as const;
    await chain.submit(axon, validator);
    const { number } = await chain.head();
    while (dev.head().number < number + 6) await dev.newBlock();
  });
  afterAll(async () => {
    await chain.close();
    await dev.close();
  });

  it('is found by capability, and is the same by all three', async () => {
    const view = await chain.view();
    expect(view.runtime).toMatchObject({ epochs: 'stateful', metagraph: 'selective' });
    expect(chain.runtime).toEqual(view.runtime);
    const read = (source: RuntimeFacts['metagraph']) =>
      readSnapshot(limitedTo(view, source), 1, 12_000);
    const selective = await read('selective');
    expect(selective.neurons[1]?.axon?.ip).toBe('10.1.2.3');
    expect(selective.neurons[1]?.totalStakeRao).toBeGreaterThan(100_000_000_000n);
    expect(await read('neurons-lite')).toEqual(selective);
    expect(await read('storage')).toEqual(selective);
  });

  it('shows what a runtime removed as absent, not as zero', async () => {
    const { neurons } = await chain.snapshot(1);
    const view = await chain.view();
    expect(view.hasStorage('SubtensorModule', 'Rank')).toBe(false);
    expect(neurons[0]).not.toHaveProperty('rank');
    expect(neurons[0]).not.toHaveProperty('pruningScore');
  });

  it('knows the pace of the chain and its time', async () => {
    for (let made = 0; made < 10; made += 1) await dev.newBlock();
    const snapshot = await chain.snapshot(1);
    expect(snapshot.blockTimeMs).toBeGreaterThan(0);
    expect(snapshot.blockTimeMs).toBeLessThan(12_000);
    expect(Math.abs(snapshot.chainTimeMs - Date.now())).toBeLessThan(60_000);
  });

  it('reads by names, and says which it does not know', async () => {
    const view = await chain.view();
    expect(await view.storage('SubtensorModule', 'Tempo', 1)).toBe(5);
    const owners = await view.entries('SubtensorModule', 'Keys', 1);
    expect(owners.find(({ keys }) => keys[0] === 1)?.value).toBe(validator.ss58);
    expect(view.callArguments('SubtensorModule', 'set_weights')?.map(({ name }) => name)).toEqual([
      'netuid',
      'dests',
      'weights',
      'version_key',
    ]);
    expect(view.callArguments('SubtensorModule', 'no_such')).toBeNull();
    await expect(view.storage('SubtensorModule', 'NoSuch')).rejects.toMatchObject({
      code: 'CHAIN_UNSUPPORTED',
    });
    expect(await view.fee({ call: 'start_call', netuid: 1 }, bob.ss58)).toBeGreaterThanOrEqual(0n);
  });

  it('tells the events of any block by their names', async () => {
    const outcome = await chain.submit(
      { call: 'named', pallet: 'System', name: 'remark_with_event', args: { remark: '0x07' } },
      bob,
    );
    if (outcome.kind !== 'included') throw new Error(outcome.message);
    const names = (await chain.eventsAt(outcome.block)).map(({ name }) => name);
    expect(names).toContain('System.Remarked');
    const gone = { number: 1, hash: `0x${'99'.repeat(32)}` };
    await expect(chain.eventsAt(gone)).rejects.toMatchObject({ code: 'CHAIN_NO_BLOCK' });
  });

  it('says which argument of a named call lacks or is one too many', async () => {
    const remark = { call: 'named', pallet: 'System', name: 'remark', args: {} } as const;
    await expect(chain.submit(remark, bob)).rejects.toMatchObject({
      code: 'CHAIN_UNSUPPORTED',
      facts: { detail: 'System.remark of this runtime also takes remark' },
    });
    const more = { ...remark, args: { remark: '0x', colour: 1 } };
    await expect(chain.submit(more, bob)).rejects.toMatchObject({
      facts: { missing: 'System.remark(colour)' },
    });
  });

  it('reads a commitment of variants without a value', async () => {
    const fields = [{ ResetBondsFlag: null }, { Raw3: '0x616263' }, { None: null }];
    const outcome = await chain.submit(
      {
        call: 'named',
        pallet: 'Commitments',
        name: 'set_commitment',
        args: { netuid: 1, info: { fields } },
      },
      validator,
    );
    expect(outcome).toMatchObject({ kind: 'included' });
    const view = await chain.view();
    const stored = await view.storage('Commitments', 'CommitmentOf', 1, validator.ss58);
    const kept = [{ resetBondsFlag: null }, { raw3: '0x616263' }, { none: null }];
    expect(stored).toMatchObject({ deposit: 0, info: { fields: kept } });
    const entries = await view.entries('Commitments', 'CommitmentOf', 1);
    expect(entries[0]).toMatchObject({ keys: [validator.ss58], value: stored });
  });

  it('signs calls of every length', async () => {
    // What is signed of a payload above 256 bytes is its hash.
    const lengths = [10, 120, 140, 160, 180, 200, 256, 300, 60_000];
    const remark = (length: number): ChainCall => ({
      call: 'named',
      pallet: 'System',
      name: 'remark',
      args: { remark: `0x${'07'.repeat(length)}` },
    });
    const outcomes = await Promise.all(lengths.map((length) => chain.submit(remark(length), bob)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(lengths.map(() => 'included'));
  });

  it('waits for finality when it is asked to', async () => {
    const call = {
      call: 'named',
      pallet: 'System',
      name: 'remark',
      args: { remark: '0x01' },
    } as const;
    const states: string[] = [];
    const outcome = await chain.submit(call, bob, {
      until: 'finalised',
      onState: (state) => void states.push(state),
    });
    expect(outcome).toMatchObject({ kind: 'included', finalised: true });
    expect(states).toEqual(['reserved', 'submitted', 'in-block', 'finalised']);
  });
});
