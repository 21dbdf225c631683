import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { genesisSchema } from '../../common/config/genesis-schema.ts';
import { until } from './chain-client.ts';
import { genesis, startOperatorWorld, subnetId } from './operator-world.ts';
import type { OperatorWorld } from './operator-world.ts';

const netuid = ['--netuid', String(subnetId)];
const weights = ['--uids', '0,2', '--weights', '1,0.5', '--yes', '--json'];

function withSubnet(more: Readonly<Record<string, unknown>>) {
  const [subnet] = genesis.subnets;
  return genesisSchema.parse({ ...genesis, subnets: [{ ...subnet, ...more }] });
}

describe('weights by hand on a chain with commit-reveal', () => {
  let world: OperatorWorld;
  beforeAll(async () => {
    world = await startOperatorWorld({
      // An epoch is long enough to reveal in it on a busy machine; waiting is made short below.
      blockTimeMs: 4000,
      genesis: withSubnet({ commitRevealEnabled: true, tempo: 10 }),
    });
    // The first epoch grants the permit.
    await blockAt(12);
  });
  afterAll(() => world.dispose());

  async function blockAt(number: number): Promise<void> {
    while (world.chain.head().number < number) await world.chain.newBlock();
  }

  async function row(): Promise<unknown> {
    const { json } = await world.run('weights', 'show', ...netuid, '--json');
    return (json()['validators'] as { weights: unknown }[])[0]?.weights;
  }

  it('set commits timelocked, and the chain reveals by itself', async () => {
    const done = await world.run('weights', 'set', ...netuid, ...weights);
    expect(done.message).toBe('');
    expect(done.json()).toMatchObject({ ok: true, commit: expect.stringMatching(/^0x/) });
    for (let epochs = 0; epochs < 4; epochs += 1) {
      await blockAt(world.chain.head().number + 10);
      if (JSON.stringify(await row()).includes('32768')) break;
    }
    expect(JSON.stringify(await row())).toContain('32768');
  });

  it('commit keeps the salt, reveal takes effect in its epoch', async () => {
    const file = join(world.dir, 'salt.json');
    const other = ['--uids', '0,2', '--weights', '0.5,1', '--yes', '--json'];
    // At the start of an epoch: its end, where the reveal may be made, is a while away.
    const shown = await world.run('subnets', 'show', ...netuid, '--json');
    await blockAt(Number(shown.json()['nextEpochBlock']) + 1);
    const done = await world.run('weights', 'commit', ...netuid, ...other, '--salt-file', file);
    expect(done.message).toBe('');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { revealBlock } = JSON.parse(readFileSync(file, 'utf8')) as { revealBlock: number };
    const reveal = ['weights', 'reveal', '--salt-file', file, '--yes', '--json'];
    expect((await world.run(...reveal)).code).toBe('CALL_TOO_SOON');
    await blockAt(revealBlock);
    const revealed = await world.run(...reveal);
    expect(revealed.message).toBe('');
    expect(revealed.json()).toMatchObject({ effective: true, row: '0:32768 2:65535' });
  });
});

/** Up to a minute: several epochs of this chain. */
async function untilSeen(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 6; tries += 1) {
    if (
      await until(done).then(
        () => true,
        () => false,
      )
    )
      return;
  }
  throw new Error('it was not seen in a minute');
}

describe('the same commands on a runtime of the older dialect', () => {
  let world: OperatorWorld;
  beforeAll(async () => {
    world = await startOperatorWorld({ runtime: 'legacy' });
  });
  afterAll(() => world.dispose());

  it.each([
    [['subnets', 'list', '--json'], 'subnets'],
    [['subnets', 'metagraph', ...netuid, '--json'], 'neurons'],
    [['subnets', 'hyperparameters', ...netuid, '--json'], 'hyperparameters'],
    [['wallet', 'balance', '--json'], 'balances'],
    [['wallet', 'overview', '--json'], 'neurons'],
    [['stake', 'list', '--json'], 'positions'],
  ])('%s', async (args, key) => {
    const ended = await world.run(...args);
    expect(ended.message).toBe('');
    expect(ended.json()[key]).not.toEqual([]);
  });

  it('shows one subnet with the epochs of its age', async () => {
    const ended = await world.run('subnets', 'show', ...netuid, '--json');
    expect(ended.json()).toMatchObject({ epochs: 'modulo', mechanisms: 1 });
  });

  it('registers, stakes, serves an axon and sets weights', async () => {
    const registered = await world.run(
      'subnets',
      'register',
      ...netuid,
      '--hotkey',
      'fresh',
      '--yes',
      '--json',
    );
    expect(registered.message).toBe('');
    expect(registered.json()).toMatchObject({ uid: 3, limit: expect.stringMatching(/no limit/) });
    const staked = await world.run('stake', 'add', ...netuid, '--amount', '2', '--yes', '--json');
    expect(staked.message).toBe('');
    const served = await world.run(
      'axon',
      'set',
      ...netuid,
      '--ip',
      '203.0.113.7',
      '--port',
      '80',
      '--yes',
      '--json',
    );
    expect(served.json()).toMatchObject({ axon: '203.0.113.7:80' });
    // The first epoch grants the permit.
    await untilSeen(async () => {
      const { neurons } = (await world.run('subnets', 'metagraph', ...netuid, '--json')).json();
      return (neurons as { validatorPermit: boolean }[])[1]?.validatorPermit === true;
    });
    const set = await world.run('weights', 'set', ...netuid, ...weights);
    expect(set.message).toBe('');
    expect(set.json()).toMatchObject({ effective: true });
  });

  it('says plainly what this runtime lacks', async () => {
    const limited = await world.run(
      'stake',
      'add',
      ...netuid,
      '--amount',
      '1',
      '--limit-price',
      '2',
      '--yes',
    );
    expect(limited).toMatchObject({ code: 'CHAIN_UNSUPPORTED' });
    expect(limited.message).toMatch(/add_stake_limit/);
  });
});
