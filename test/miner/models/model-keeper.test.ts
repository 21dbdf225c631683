import { describe, expect, it } from 'vitest';
import type { ModelsConfig } from '../../../common/config/models-schema.ts';
import { SubnetError } from '../../../common/errors.ts';
import { createCatalogue } from '../../../miner/models/catalogue.ts';
import { createModelKeeper } from '../../../miner/models/model-keeper.ts';
import type { StoredRef } from '../../../miner/models/model-keeper.ts';
import { createStatistics } from '../../../miner/models/model-statistics.ts';
import type { ServedModel } from '../../../miner/models/served-model.ts';
import { createManualPlatform } from '../../fakes/manual-platform.ts';
import { silentLog } from '../../fakes/silent-log.ts';

interface FakeModel extends ServedModel {
  readonly opened: number;
  closed: boolean;
}

function ref(text: string): StoredRef {
  const [name = '', version = ''] = text.split('/');
  return { name, version };
}

/** Models that load at once, or when they are let, or never. */
function rigOf(stored: string[], options: { models?: ModelsConfig; lingerMs?: number } = {}) {
  const { clock, ...platform } = createManualPlatform();
  const catalogue = createCatalogue();
  const made: FakeModel[] = [];
  const broken = new Set<string>();
  let changes = 0;
  let gate: Promise<void> = Promise.resolve();
  const open = async ({ name, version }: StoredRef): Promise<ServedModel> => {
    await gate;
    if (broken.has(`${name}/${version}`)) throw new SubnetError('MODEL_INVALID', { detail: name });
    const statistics = createStatistics();
    const model: FakeModel = {
      name,
      version,
      opened: made.length,
      closed: false,
      sha256: '0'.repeat(64),
      interface: { inputs: [], outputs: [] },
      platform: 'fake',
      notReady: () => null,
      infer: () => Promise.resolve({ kind: 'refused', reason: 'full' }),
      load: () => ({ waiting: 0, running: 0 }),
      statistics: () => ({ name, version, ...statistics.read() }),
      close: () => {
        model.closed = true;
        return Promise.resolve();
      },
    };
    made.push(model);
    return model;
  };
  const keeper = createModelKeeper(
    {
      catalogue,
      clock,
      log: silentLog,
      open,
      scan: () => stored.map(ref),
      onChange: () => void (changes += 1),
    },
    { models: undefined, lingerMs: options.lingerMs ?? 0, ...options },
  );
  const served = () => catalogue.list().map(({ name, version }) => `${name}/${version}`);
  const hold = (): (() => void) => {
    let release = (): void => undefined;
    gate = new Promise((resolve) => (release = resolve));
    return release;
  };
  return {
    keeper,
    catalogue,
    made,
    broken,
    served,
    hold,
    stored,
    platform,
    changes: () => changes,
  };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
};

describe('loading', () => {
  it('takes the newest stored version when none is named', async () => {
    const { keeper, served } = rigOf(['m/10', 'm/9']);
    await keeper.load('m', null);
    expect(served()).toEqual(['m/10']);
    await keeper.load('m', '9');
    expect(served()).toEqual(['m/10', 'm/9']);
  });

  it('lets the old one answer until the new one is warm, then closes it', async () => {
    const { keeper, catalogue, made, hold, platform } = rigOf(['m/1'], { lingerMs: 500 });
    await keeper.load('m', '1');
    const release = hold();
    const loading = keeper.load('m', '1');
    await settle();
    expect(catalogue.find('m', null, null)).toBe(made[0]);
    release();
    await loading;
    expect(catalogue.find('m', null, null)).toBe(made[1]);
    expect(made[0]?.closed).toBe(false);
    await platform.advance(500);
    await settle();
    expect(made.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('changes nothing when it fails, and says why in the index', async () => {
    const { keeper, broken, served, made } = rigOf(['m/2', 'm/1']);
    await keeper.load('m', '1');
    broken.add('m/2').add('m/1');
    await expect(keeper.load('m', '2')).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(keeper.load('m', '1')).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(keeper.load('m', '3')).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
    expect(served()).toEqual(['m/1']);
    expect(made[0]?.closed).toBe(false);
    const [second, first] = keeper.index();
    expect(first).toMatchObject({ version: '1', state: 'READY', reason: '' });
    expect(second).toMatchObject({ version: '2', state: 'UNAVAILABLE' });
    expect(second?.reason).toMatch(/ONNX Runtime does not take/);
  });

  it('is one change after the other', async () => {
    const { keeper, hold, served } = rigOf(['m/2', 'm/1']);
    const release = hold();
    const all = [keeper.load('m', '1'), keeper.load('m', '2'), keeper.unload('m', '1')];
    await settle();
    expect(keeper.index().map(({ state }) => state)).toEqual(['UNAVAILABLE', 'LOADING']);
    release();
    await settle();
    await Promise.all(all);
    expect(served()).toEqual(['m/2']);
  });
});

describe('unloading', () => {
  it('takes a version, or all of a name', async () => {
    const { keeper, served, made, changes } = rigOf(['m/2', 'm/1', 'n/1']);
    for (const one of ['m/1', 'm/2', 'n/1']) await keeper.load(ref(one).name, ref(one).version);
    await keeper.unload('m', '2');
    expect(served()).toEqual(['m/1', 'n/1']);
    await keeper.unload('m', null);
    expect(served()).toEqual(['n/1']);
    expect(made.map(({ closed }) => closed)).toEqual([true, true, false]);
    expect(changes()).toBe(5);
    await expect(keeper.unload('m', null)).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
  });

  it('keeps it for requests that have found it, and not for others', async () => {
    const { keeper, served, made, platform } = rigOf(['m/1'], { lingerMs: 1000 });
    await keeper.load('m', '1');
    const unloading = keeper.unload('m', '1');
    await settle();
    expect(served()).toEqual([]);
    expect(made[0]?.closed).toBe(false);
    expect(keeper.index()).toMatchObject([{ state: 'UNLOADING' }]);
    await platform.advance(1000);
    await unloading;
    expect(made[0]?.closed).toBe(true);
    expect(keeper.index()).toMatchObject([{ state: 'UNAVAILABLE', reason: 'unloaded' }]);
  });
});

describe('a new look at what is stored', () => {
  it('loads what is new and drops what is gone', async () => {
    const { keeper, served, stored } = rigOf(['m/1']);
    expect(await keeper.rescan()).toEqual({ loaded: ['m/1'], unloaded: [], failed: [] });
    stored.splice(0, 1, 'm/2', 'm/1', 'n/1');
    expect(await keeper.rescan()).toEqual({
      loaded: ['m/2', 'n/1'],
      unloaded: ['m/1'],
      failed: [],
    });
    expect(served()).toEqual(['m/2', 'n/1']);
    stored.splice(0, 3, 'n/1');
    expect(await keeper.rescan()).toMatchObject({ unloaded: ['m/2'] });
    expect(served()).toEqual(['n/1']);
  });

  it('keeps the old version where the new one does not come up', async () => {
    const { keeper, served, stored, broken } = rigOf(['m/1']);
    await keeper.rescan();
    stored.unshift('m/2');
    broken.add('m/2');
    expect(await keeper.rescan()).toMatchObject({
      loaded: [],
      unloaded: [],
      failed: [{ model: 'm/2' }],
    });
    expect(served()).toEqual(['m/1']);
  });

  it('follows the configuration', async () => {
    const models = { m: { versions: ['1', '3'], aliases: [] } };
    const { keeper, served } = rigOf(['m/3', 'm/2', 'm/1', 'n/1'], { models });
    await keeper.rescan();
    expect(served()).toEqual(['m/3', 'm/1']);
    const missing = rigOf(['m/2'], { models: { m: { versions: ['1'], aliases: [] } } });
    await expect(missing.keeper.rescan()).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
  });
});

describe('names', () => {
  it('can only stand for what is served', async () => {
    const { keeper, catalogue } = rigOf(['m/2', 'm/1']);
    await keeper.load('m', '1');
    keeper.setAlias('other', { name: 'm', version: null });
    expect(catalogue.find('other', null, null)?.version).toBe('1');
    expect(() => keeper.setAlias('more', { name: 'm', version: '2' })).toThrow(SubnetError);
    expect(() => keeper.setCanary('m', { version: '2', share: 0.5 })).toThrow(SubnetError);
    keeper.setCanary('m', { version: '1', share: 0.5 });
    keeper.setCanary('m', null);
    keeper.setAlias('other', null);
    expect(catalogue.find('other', null, null)).toBeUndefined();
  });

  it('bring up the statistics of one, of a name or of all', async () => {
    const { keeper } = rigOf(['m/2', 'm/1', 'n/1']);
    for (const one of ['m/1', 'm/2', 'n/1']) await keeper.load(ref(one).name, ref(one).version);
    expect(keeper.statistics(null, null)).toHaveLength(3);
    expect(keeper.statistics('m', null)).toHaveLength(2);
    expect(keeper.statistics('m', '2')).toMatchObject([{ name: 'm', version: '2' }]);
    expect(keeper.statistics('o', null)).toEqual([]);
  });
});

it('ends with all that it loaded', async () => {
  const { keeper, made } = rigOf(['m/1', 'n/1']);
  await keeper.rescan();
  await keeper.close();
  expect(made.every(({ closed }) => closed)).toBe(true);
  await expect(keeper.load('m', '1')).rejects.toBeInstanceOf(SubnetError);
});
