import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import { createLogger } from '../../common/node/log.ts';
import { genesis, startOperatorWorld, subnetId, tempo } from './operator-world.ts';
import type { Ended, OperatorWorld } from './operator-world.ts';

const alice = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
const bob = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';
const netuid = ['--netuid', String(subnetId)];

let world: OperatorWorld;
beforeAll(async () => {
  world = await startOperatorWorld();
});
afterAll(() => world.dispose());

function rao(value: unknown): bigint {
  return BigInt((value as { rao: string }).rao);
}

/** What a person sees fits a terminal. */
function expectReadable({ out }: Ended): void {
  expect(out.filter((line) => line.length > 80 && !/0x[0-9a-f]{64}/.test(line))).toEqual([]);
}

describe('reading commands on the embedded chain', () => {
  it('lists the subnets', async () => {
    const { subnets } = (await world.run('subnets', 'list', '--json')).json();
    expect(subnets).toEqual([
      expect.objectContaining({ netuid: 0, name: 'root' }),
      expect.objectContaining({
        netuid: 2,
        ownerColdkey: alice,
        neurons: 3,
        started: true,
        pricePerAlpha: { amount: '1', unit: 'TAO', rao: '1000000000' },
      }),
    ]);
    const text = await world.run('subnets', 'list');
    expect(text.out[1]).toMatch(/^netuid +name +price TAO +TAO\/block +neurons +burn TAO/);
    expectReadable(text);
  });

  it('shows one subnet, with units', async () => {
    const shown = (await world.run('subnets', 'show', ...netuid, '--json')).json();
    expect(shown).toMatchObject({
      ok: true,
      netuid: 2,
      ownerColdkey: alice,
      pricePerAlpha: { amount: '1', unit: 'TAO' },
      commitReveal: false,
    });
    expect((await world.run('subnets', 'show', ...netuid)).out.join('\n')).toMatch(/burn +\S+ TAO/);
  });

  it('shows the metagraph', async () => {
    const { neurons, block } = (
      await world.run('subnets', 'metagraph', ...netuid, '--json')
    ).json();
    expect(neurons).toHaveLength(3);
    expect(neurons).toContainEqual(expect.objectContaining({ uid: 1, coldkey: bob }));
    expect(block).toBeGreaterThan(0);
    const text = await world.run('subnets', 'metagraph', ...netuid);
    expectReadable(text);
    expect(text.out.join('\n')).toMatch(/^uid +hotkey +stake/m);
  });

  it('shows hyperparameters, all or one', async () => {
    const all = (await world.run('subnets', 'hyperparameters', ...netuid, '--json')).json();
    expect(all['hyperparameters']).toMatchObject({
      tempo: { value: 20 },
      max_burn: { value: { amount: '100', unit: 'TAO', rao: '100000000000' }, text: '100 TAO' },
    });
    const one = await world.run('sudo', 'get', ...netuid, '--param', 'tempo', '--json');
    expect(Object.keys(one.json()['hyperparameters'] as object)).toEqual(['tempo']);
    expectReadable(await world.run('subnets', 'hyperparameters', ...netuid));
  });

  it('tells what registering burns', async () => {
    const { burn } = (await world.run('subnets', 'burn-cost', ...netuid, '--json')).json();
    expect(burn).toMatchObject({ unit: 'TAO' });
    expect(rao(burn)).toBeLessThanOrEqual(1_000_000_000n);
  });

  it('shows balance, stake and neurons of a wallet', async () => {
    const { balances } = (await world.run('wallet', 'balance', '--json')).json();
    expect(balances).toEqual([
      expect.objectContaining({ name: 'val', coldkey: bob, free: expect.anything() }),
    ]);
    const all = (await world.run('wallet', 'balance', '--all', '--json')).json();
    expect(all['balances']).toHaveLength(3);
    const { positions } = (await world.run('stake', 'list', '--json')).json();
    expect(positions).toEqual([expect.objectContaining({ netuid: 2 })]);
    const { neurons } = (await world.run('wallet', 'overview', '--json')).json();
    expect(neurons).toEqual([
      expect.objectContaining({ netuid: 2, hotkeyName: 'default' }),
      expect.objectContaining({ netuid: 2, hotkeyName: 'miner' }),
    ]);
    expectReadable(await world.run('wallet', 'overview'));
    expectReadable(await world.run('wallet', 'balance', '--all'));
  });
});

describe('what is refused before anything is signed', () => {
  // The validator gets its permit at the first epoch, however slow this machine is.
  beforeAll(async () => {
    while (world.chain.head().number <= tempo + 1) await world.chain.newBlock();
  });

  const cases: readonly [string, readonly string[], string, RegExp][] = [
    ['no such subnet', ['subnets', 'show', '--netuid', '77'], 'CHAIN_NO_SUBNET', /77/],
    ['no netuid', ['subnets', 'show'], 'USAGE', /--netuid/],
    ['no such network', ['subnets', 'list', '--network', 'finey'], 'USAGE', /did you mean finney/],
    [
      'a dead endpoint',
      ['subnets', 'list', '--network', 'ws://127.0.0.1:9'],
      'CHAIN_UNREACHABLE',
      /127\.0\.0\.1:9/,
    ],
    ['no such wallet', ['stake', 'list', '--wallet-name', 'nobody'], 'WALLET_NOT_FOUND', /nobody/],
    [
      'a price above the limit',
      ['subnets', 'register', ...netuid, '--hotkey', 'fresh', '--max-burn', '0.0001', '--yes'],
      'PRICE_LIMIT',
      /RegistrationPriceLimitExceeded/,
    ],
    [
      'a hotkey that is registered',
      ['subnets', 'register', ...netuid, '--yes'],
      'CALL_REFUSED',
      /HotKeyAlreadyRegisteredInSubNet/,
    ],
    [
      "another coldkey's hotkey",
      [
        'subnets',
        'create',
        '--wallet-name',
        'owner',
        '--hotkey',
        '5HGqzPHNCbZ9a4hpV5xR44ieP4ALojo2Xk8Av2fYQkZQ9WcV',
        '--yes',
      ],
      'CALL_REFUSED',
      /NonAssociatedColdKey/,
    ],
    [
      'too little money',
      ['stake', 'add', ...netuid, '--amount', '1', '--wallet-name', 'poor', '--yes'],
      'BALANCE_TOO_LOW',
      /NotEnoughBalanceToStake/,
    ],
    [
      'more stake than there is',
      ['stake', 'remove', ...netuid, '--amount', '99999', '--yes'],
      'STAKE_TOO_LOW',
      /NotEnoughStakeToWithdraw/,
    ],
    [
      'less than the least trade',
      ['stake', 'add', ...netuid, '--amount', '0.000000001', '--yes'],
      'AMOUNT_TOO_LOW',
      /AmountTooLow/,
    ],
    [
      'a sale of less than that',
      ['stake', 'remove', ...netuid, '--amount', '0.001', '--yes'],
      'AMOUNT_TOO_LOW',
      /the sale would bring 0.001 TAO, the chain takes no less than 0.002 TAO/,
    ],
    [
      'a swap below its limit',
      [
        'stake',
        'swap',
        ...netuid,
        '--to-netuid',
        '0',
        '--amount',
        '1',
        '--limit-price',
        '1.1',
        '--yes',
      ],
      'PRICE_LIMIT',
      /one alpha becomes 1 TAO of netuid 0, the limit is 1.1 TAO/,
    ],
    [
      'nothing staked anywhere',
      ['stake', 'remove', '--all', '--all-netuids', '--wallet-name', 'poor', '--yes'],
      'STAKE_TOO_LOW',
      /no stake there/,
    ],
    [
      'a start that was made',
      ['subnets', 'start', ...netuid, '--wallet-name', 'owner', '--yes'],
      'CALL_REFUSED',
      /FirstEmissionBlockNumberAlreadySet/,
    ],
    ['a start by another', ['subnets', 'start', ...netuid, '--yes'], 'NOT_OWNER', /5Grwva/],
    [
      'a hotkey without a seat',
      [
        'axon',
        'set',
        ...netuid,
        '--hotkey',
        'fresh',
        '--ip',
        '203.0.113.9',
        '--port',
        '80',
        '--yes',
      ],
      'HOTKEY_NOT_REGISTERED',
      /HotKeyNotRegisteredInNetwork/,
    ],
    [
      'weights without a permit or a seat',
      ['weights', 'set', ...netuid, '--hotkey', 'fresh', '--uids', '0', '--weights', '1', '--yes'],
      'HOTKEY_NOT_REGISTERED',
      /not registered/,
    ],
    [
      'weights for nobody',
      ['weights', 'set', ...netuid, '--uids', '0,9', '--weights', '1,1', '--yes'],
      'CALL_REFUSED',
      /there is no uid 9/,
    ],
    [
      'a hash commit where commit-reveal is off',
      ['weights', 'commit', ...netuid, '--uids', '0', '--weights', '1', '--yes'],
      'CALL_REFUSED',
      /commit-reveal is off/,
    ],
    [
      'a hyperparameter of root',
      [
        'sudo',
        'set',
        ...netuid,
        '--param',
        'kappa',
        '--value',
        '1',
        '--wallet-name',
        'owner',
        '--yes',
      ],
      'ROOT_ONLY',
      /set by root, not by the subnet's owner/,
    ],
    [
      "another's hyperparameter",
      ['sudo', 'set', ...netuid, '--param', 'rho', '--value', '1', '--yes'],
      'NOT_OWNER',
      /the owner of subnet 2/,
    ],
    [
      'a hyperparameter that is none',
      ['sudo', 'set', ...netuid, '--param', 'tempi', '--value', '1', '--yes'],
      'HYPERPARAMETER_UNKNOWN',
      /did you mean tempo/,
    ],
  ];
  it.each(cases)('%s', async (_, args, code, words) => {
    const ended = await world.run(...args);
    expect(ended.code).toBe(code);
    expect(ended.message).toMatch(words);
  });

  it('says in a dry run what would fail', async () => {
    const small = ['stake', 'add', ...netuid, '--amount', '0.000000001', '--dry-run', '--json'];
    const ended = await world.run(...small);
    expect(ended.exit).toBe(4);
    expect(ended.json()).toMatchObject({
      ok: false,
      error: { code: 'AMOUNT_TOO_LOW' },
      genesisHash: world.chain.genesisHash,
    });
  });

  it('asks before it spends, and nothing happens without an answer', async () => {
    const before = (await world.run('wallet', 'balance', '--json')).json()['balances'];
    const ended = await world.run('stake', 'add', ...netuid, '--amount', '1');
    expect(ended.code).toBe('USAGE');
    expect(ended.message).toMatch(/"Go ahead\?" cannot be asked .* --yes/);
    expect(ended.out.join('\n')).toMatch(/amount +1 TAO/);
    const after = (await world.run('wallet', 'balance', '--json')).json()['balances'];
    expect((after as { free: object }[])[0]?.free).toEqual((before as { free: object }[])[0]?.free);
  });
});

describe('signing commands on the embedded chain', () => {
  it('shows a registration without signing, then registers and reads the seat back', async () => {
    const args = ['subnets', 'register', ...netuid, '--hotkey', 'fresh'];
    const plan = await world.run(...args, '--dry-run', '--json');
    expect(plan.json()).toMatchObject({
      ok: true,
      dryRun: true,
      call: { pallet: 'SubtensorModule', name: 'register_limit', args: { netuid: 2 } },
      signedBy: 'coldkey',
      payer: bob,
      refusals: [],
    });
    expect(rao(plan.json()['fee'])).toBeGreaterThan(0n);
    const done = (await world.run(...args, '--yes', '--json')).json();
    expect(done).toMatchObject({ ok: true, dryRun: false, uid: 3 });
    const { neurons } = (await world.run('wallet', 'overview', '--json')).json();
    expect(neurons).toHaveLength(3);
  });

  it('adds stake and takes it back, to the RAO', async () => {
    const added = (
      await world.run('stake', 'add', ...netuid, '--amount', '1.000000001', '--yes', '--json')
    ).json();
    const [one] = added['operations'] as Record<string, unknown>[];
    expect(one?.['tradedTao']).toEqual({ amount: '1.000000001', unit: 'TAO', rao: '1000000001' });
    expect(rao(one?.['stakeAfter'])).toBeGreaterThan(rao(one?.['stakeBefore']));
    const removed = (
      await world.run('stake', 'remove', ...netuid, '--amount', '0.5', '--yes', '--json')
    ).json();
    const [two] = removed['operations'] as Record<string, unknown>[];
    expect(two?.['tradedStake']).toMatchObject({ amount: '0.5', unit: 'alpha' });
  });

  it('swaps within a limit, and moves where no price can move', async () => {
    const swap = ['stake', 'swap', ...netuid, '--to-netuid', '0', '--amount', '1'];
    const plan = (await world.run(...swap, '--dry-run', '--json')).json();
    expect(plan).toMatchObject({
      ok: true,
      call: {
        name: 'swap_stake_limit',
        args: { alpha_amount: '1000000000', limit_price: '995000000', allow_partial: false },
      },
      oneAlphaBecomes: { amount: '1', unit: 'TAO' },
      expected: { amount: '1', unit: 'TAO' },
      priceLimit: { amount: '0.995', unit: 'TAO' },
    });
    const done = (await world.run(...swap, '--yes', '--json')).json();
    expect(done).toMatchObject({ ok: true, stakeThereAfter: { amount: '1', unit: 'TAO' } });
    const open = (await world.run(...swap, '--unsafe', '--dry-run', '--json')).json();
    expect(open).toMatchObject({ call: { name: 'swap_stake' }, priceLimit: null });
    const move = ['stake', 'transfer', '--netuid', '0', '--to-netuid', '2', '--amount', '0.5'];
    const moved = await world.run(...move, '--to-coldkey', alice, '--dry-run', '--json');
    expect(moved.json()).toMatchObject({
      ok: true,
      limitRule: 'none: the price is fixed',
      expected: { amount: '0.5', unit: 'alpha' },
    });
  });

  it('serves an axon, finds it there, and resets it', async () => {
    const set = ['axon', 'set', ...netuid, '--ip', '203.0.113.7', '--port', '8091', '--yes'];
    expect((await world.run(...set, '--json')).json()).toMatchObject({ axon: '203.0.113.7:8091' });
    expect((await world.run(...set, '--json')).json()).toMatchObject({ changed: false });
    const six = ['axon', 'set', ...netuid, '--ip', '2001:db8::1', '--port', '1', '--yes'];
    expect((await world.run(...six)).out.join('\n')).toMatch(/axon +\[2001:db8::1\]:1/);
    const reset = await world.run('axon', 'reset', ...netuid, '--yes', '--json');
    expect(reset.json()).toMatchObject({ ok: true, axon: null, changed: true });
  });

  it('says why an axon would be refused, and signs nothing in a dry run', async () => {
    const loopback = ['axon', 'set', ...netuid, '--ip', '127.0.0.1', '--port', '1', '--dry-run'];
    const ended = await world.run(...loopback, '--json');
    expect(ended.exit).toBe(4);
    expect(ended.json()).toMatchObject({
      ok: false,
      dryRun: true,
      error: { code: 'CALL_REFUSED' },
      refusals: [{ chainError: 'InvalidIpAddress' }],
    });
    expect((await world.run(...loopback)).out.at(-1)).toMatch(/nothing was signed/);
  });

  it('sets a hyperparameter once, and names the block from which it may change again', async () => {
    const set = (value: string) =>
      world.run(
        'sudo',
        'set',
        ...netuid,
        '--param',
        'immunity_period',
        '--value',
        value,
        '--wallet-name',
        'owner',
        '--yes',
        '--json',
      );
    expect((await set('100')).json()).toMatchObject({ changed: true, onChain: '100' });
    expect((await set('100')).json()).toMatchObject({ changed: false });
    const again = await set('101');
    expect(again.code).toBe('CALL_TOO_SOON');
    expect(again.message).toMatch(/TxRateLimitExceeded, clearsAtBlock=\d+/);
    expect((await set('70000')).code).toBe('HYPERPARAMETER_VALUE');
  });

  it("sets what is root's with the root key of a development chain", async () => {
    const ended = await world.run(
      'sudo',
      'set',
      ...netuid,
      '--param',
      'kappa',
      '--value',
      '30000',
      '--sudo',
      '--wallet-name',
      'owner',
      '--yes',
      '--json',
    );
    expect(ended.json()).toMatchObject({ changed: true, onChain: '30000', authority: 'root' });
  });

  it('sets weights plainly and finds the row', async () => {
    const done = await world.run(
      'weights',
      'set',
      ...netuid,
      '--uids',
      '2,0',
      '--weights',
      '0.5,1',
      '--yes',
      '--json',
    );
    expect(done.message).toBe('');
    expect(done.json()).toMatchObject({ effective: true, row: '0:65535 2:32768' });
    const shown = (await world.run('weights', 'show', ...netuid, '--json')).json();
    expect(shown['validators']).toMatchObject([
      {
        uid: 1,
        weights: [
          { uid: 0, value: 65_535 },
          { uid: 2, value: 32_768 },
        ],
      },
    ]);
    const all = await world.run('weights', 'show', ...netuid, '--all');
    expect(all.out.join('\n')).toMatch(/66\.67 %/);
    expectReadable(all);
  });

  it('creates a subnet and starts it', async () => {
    const created = await world.run(
      'subnets',
      'create',
      '--wallet-name',
      'owner',
      '--hotkey',
      'second',
      '--yes',
      '--json',
    );
    expect(created.message).toBe('');
    const { netuid: made, lockCost } = created.json();
    expect(rao(lockCost)).toBeGreaterThan(0n);
    const started = await world.run(
      'subnets',
      'start',
      '--netuid',
      String(made),
      '--wallet-name',
      'owner',
      '--yes',
    );
    expect(started.out.join('\n')).toMatch(/first emission block +\d+/);
    expect(
      (await world.run('subnets', 'show', '--netuid', String(made), '--json')).json(),
    ).toMatchObject({ started: true, ownerColdkey: alice });
  });

  it('removes all stake of every hotkey', async () => {
    await world.run('stake', 'add', ...netuid, '--hotkey', 'fresh', '--amount', '3', '--yes');
    const ended = await world.run(
      'stake',
      'remove',
      '--all',
      '--all-netuids',
      '--all-hotkeys',
      '--yes',
      '--json',
    );
    expect(ended.code).toBe('ok');
    // The weights of an earlier test may have paid the third hotkey by now.
    expect((ended.json()['operations'] as unknown[]).length).toBeGreaterThanOrEqual(2);
    const { positions } = (await world.run('stake', 'list', '--json')).json();
    const left = (positions as { stake: unknown }[]).map(({ stake }) => rao(stake));
    // An epoch may pay meanwhile.
    expect(left.every((one) => one < 50_000_000_000n)).toBe(true);
  });
});

describe('what a script may count on', () => {
  it('rows of weights need no wallet', async () => {
    const ended = await world.run('weights', 'show', ...netuid, '--wallet-path', '/nowhere');
    expect([ended.code, ended.message]).toEqual(['ok', '']);
    const named = await world.run('weights', 'show', ...netuid, '--wallet-name', 'nobody');
    expect(named.code).toBe('WALLET_NOT_FOUND');
  });

  it('nothing is signed while endpoints are of two chains', async () => {
    const other = await startDevChain({
      port: 0,
      blockTimeMs: 250,
      manual: true,
      log: createLogger({ level: 'silent' }),
      genesis: { ...genesis, balances: [] },
    });
    try {
      const network = ['--network', `${world.chain.url},${other.url}`];
      const stake = ['stake', 'add', ...netuid, '--amount', '1', '--yes', ...network];
      const ended = await world.run(...stake);
      expect(ended.code).toBe('CHAIN_FOREIGN');
      expect(ended.message).toContain(other.genesisHash);
      expect((await world.run(...stake, '--dry-run')).code).toBe('CHAIN_FOREIGN');
      const read = await world.run('subnets', 'list', ...network, '--json');
      expect(read.json()).toMatchObject({ ok: true, genesisHash: world.chain.genesisHash });
      expect(read.err.join('\n')).toMatch(/^warning: endpoints of different chains/);
    } finally {
      await other.close();
    }
  });
});
