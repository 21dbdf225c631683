import { describe, expect, it } from 'vitest';
import { compact, concat } from '../../common/scale-bytes.ts';
import { devBeacon, devBeaconEntry } from '../../chain/beacon.ts';
import { toHex } from '../../chain/bytes.ts';
import type { Hex } from '../../chain/chain-state.ts';
import { RuntimeFailure } from '../../chain/executor.ts';
import type { Executor, RuntimeCall } from '../../chain/executor.ts';
import { buildGenesis, defaultGenesis } from '../../chain/genesis.ts';

const text = (value: string): Uint8Array => {
  const bytes = new TextEncoder().encode(value);
  return concat(compact(bytes.length), bytes);
};
const preset = toHex(concat(Uint8Array.of(1), text('{"system":{},"balances":{"kept":1}}')));

function executorOf(answer: (call: RuntimeCall) => Hex): Executor {
  return {
    run: async (_wasm, _view, calls) => {
      const last = calls.at(-1);
      if (last === undefined) throw new RuntimeFailure(calls, 'nothing was called');
      return { result: answer(last), diff: [['0xaa', '0x01']] };
    },
    stateRoot: async () => '0x',
    close: async () => undefined,
  };
}

describe('building the genesis', () => {
  it('hands the configuration to the runtime: addresses, exact amounts, what the preset had', async () => {
    let sent = '';
    const executor = executorOf(({ name, argument }) => {
      if (name === 'GenesisBuilder_get_preset') return preset;
      sent = Buffer.from(argument.slice(2), 'hex').toString();
      return '0x00';
    });
    const config = {
      ...defaultGenesis,
      beacon: 'quicknet' as const,
      balances: [{ account: '//Alice', tao: '10000000.000000001' }],
    };
    const storage = await buildGenesis(executor, '0x07', config);
    expect([...storage]).toEqual([
      ['0x3a636f6465', '0x07'],
      ['0xaa', '0x01'],
    ]);
    const alice = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
    expect(sent).toContain(`"balances":{"kept":1,"balances":[["${alice}",10000000000000001]]}`);
    expect(sent).toContain(`"sudo":{"key":"${alice}"}`);
  });

  it('stores its own beacon for the runtime of today, or a later one, unless quicknet is wanted', async () => {
    const executor = executorOf(({ name }) =>
      name === 'GenesisBuilder_get_preset' ? preset : '0x00',
    );
    const small = { ...defaultGenesis, balances: [] };
    const [key, value] = devBeaconEntry();
    const own = await buildGenesis(executor, '0x07', small);
    expect(own.get(key)).toBe(value);
    expect(value).toContain(toHex(devBeacon.publicKey).slice(2));
    const quicknet = await buildGenesis(executor, '0x07', { ...small, beacon: 'quicknet' });
    expect(quicknet.has(key)).toBe(false);
  });

  it('tells what the runtime says against it', async () => {
    const refusal = toHex(concat(Uint8Array.of(1), text('no such field')));
    const refusing = executorOf(({ name }) =>
      name === 'GenesisBuilder_get_preset' ? preset : refusal,
    );
    await expect(buildGenesis(refusing, '0x07', defaultGenesis)).rejects.toMatchObject({
      code: 'CHAIN_GENESIS_INVALID',
      facts: { detail: 'no such field' },
    });
  });

  it('names the place of a wrong value before the runtime sees it', async () => {
    const never = executorOf(() => {
      throw new Error('the runtime was asked');
    });
    const config = { ...defaultGenesis, sudo: '5Grw' };
    await expect(buildGenesis(never, '0x07', config)).rejects.toMatchObject({
      code: 'CHAIN_GENESIS_INVALID',
      facts: { place: 'sudo' },
    });
  });

  it('says that what stands in for the runtime is none', async () => {
    const broken = executorOf(() => {
      throw new RuntimeFailure([], 'not a WebAssembly module');
    });
    await expect(buildGenesis(broken, '0x07', defaultGenesis)).rejects.toMatchObject({
      code: 'CHAIN_RUNTIME_INVALID',
    });
    const without = executorOf(() => '0x00');
    await expect(buildGenesis(without, '0x07', defaultGenesis)).rejects.toMatchObject({
      code: 'CHAIN_RUNTIME_INVALID',
    });
  });
});
