import { readFileSync } from 'node:fs';
import { ApiPromise, WsProvider } from '@polkadot/api';
import type { ProviderInterface } from '@polkadot/rpc-provider/types';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import { quietLibraryLogs } from '../../cli/quiet-console.ts';
import { createLogger } from '../../common/node/log.ts';
import { palletFacts, typeBody, typeName } from './subtensor-facts.ts';
import type { PalletFacts } from './subtensor-facts.ts';

interface Vectors {
  readonly pallets: Readonly<Record<string, number>>;
  readonly SubtensorModule: PalletFacts;
  readonly AdminUtils: PalletFacts;
  readonly MevShield: PalletFacts;
  readonly runtimeApis: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, string>>;
}

/** Facts of the real chain, spec 425; where they come from stands in the file. */
const real = JSON.parse(
  readFileSync(new URL('../vectors/subtensor-metadata-facts.json', import.meta.url), 'utf8'),
) as Vectors;

/** Compiling the runtime and reading its metadata, on a machine that does much else. */
const slowStartMs = 60_000;

quietLibraryLogs(console);

describe('metadata, beside that of the real chain', () => {
  let chain: DevChain;
  let api: ApiPromise;

  beforeAll(async () => {
    const log = createLogger({ level: 'silent' });
    chain = await startDevChain({ port: 0, blockTimeMs: 250, manual: true, log });
    // Its own declaration does not fit exactOptionalPropertyTypes.
    const provider = new WsProvider(chain.url) as unknown as ProviderInterface;
    api = await ApiPromise.create({ provider, noInitWarn: true });
  }, slowStartMs);

  afterAll(async () => {
    await api.disconnect();
    await chain.close();
  });

  function pallets() {
    return [...api.runtimeMetadata.asLatest.pallets];
  }

  function ours(name: string): PalletFacts {
    const pallet = pallets().find((one) => one.name.toString() === name);
    if (pallet === undefined) throw new Error(`no pallet ${name}`);
    return palletFacts(api.registry.lookup, pallet);
  }

  it('numbers pallets alike', () => {
    for (const { name, index } of pallets()) {
      expect([name.toString(), index.toNumber()]).toEqual([
        name.toString(),
        real.pallets[name.toString()],
      ]);
    }
  });

  it.each(['SubtensorModule', 'AdminUtils', 'MevShield'] as const)(
    '%s: calls, errors, events',
    (name) => {
      const { calls, errors, events } = ours(name);
      expect(calls).toEqual(pick(real[name].calls, Object.keys(calls)));
      expect(errors).toEqual(real[name].errors);
      expect(events).toEqual(real[name].events);
    },
  );

  it('has the same storage, one item of its own, and two that newer clients look up', () => {
    const {
      NominatedHotkeys: own,
      SubnetEpochConsensus: mode,
      CollateralLockShare: share,
      ...shared
    } = ours('SubtensorModule').storage;
    for (const item of [own, mode, share]) expect(item).toBeDefined();
    expect(shared).toMatchObject(pick(real.SubtensorModule.storage, Object.keys(shared)));
  });

  it('has the same storage of the encrypted mempool, but for migrations that never ran', () => {
    const { HasMigrationRun: migrations, ...items } = real.MevShield.storage;
    expect(migrations).toBeDefined();
    expect(ours('MevShield').storage).toEqual(items);
  });

  it('has the same constants', () => {
    const { constants } = ours('SubtensorModule');
    expect(constants).toEqual(real.SubtensorModule.constants);
  });

  it('has the same runtime APIs', () => {
    const { lookup } = api.registry;
    const signatures = [...api.runtimeMetadata.asLatest.apis].flatMap((one) =>
      one.methods.map(({ name, inputs, output }): [string, string] => {
        const args = inputs.map((arg) => `${arg.name.toString()}: ${typeName(lookup, arg.type)}`);
        const signature = `(${args.join(', ')}) -> ${typeName(lookup, output)}`;
        return [`${one.name.toString()}.${name.toString()}`, signature];
      }),
    );
    expect(Object.fromEntries(signatures)).toMatchObject(real.runtimeApis);
  });

  it('has the same structs', () => {
    const { lookup } = api.registry;
    const named = [...lookup.types].map(({ type }): [string, string] => {
      const body = type.def.isComposite || type.def.isVariant ? typeBody(lookup, type) : '';
      return [type.path.at(-1)?.toString() ?? '', body];
    });
    const bodies = Object.fromEntries(named.filter(([name]) => name in real.types));
    expect(bodies).toEqual(real.types);
  });

  it('says in words what each error means', () => {
    for (const pallet of pallets().filter(({ errors }) => errors.isSome)) {
      const { variants } = api.registry.lookup.getSiType(pallet.errors.unwrap().type).def.asVariant;
      for (const { docs } of variants) expect(docs.join(' ')).toMatch(/^[A-Z].+\.$/);
    }
  });
});

function pick<T>(all: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(
    names.map((name) => {
      const one = all[name];
      if (one === undefined) throw new Error(`the real chain has no ${name}`);
      return [name, one];
    }),
  );
}
