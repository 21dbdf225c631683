import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aborted } from '../../../common/node/lifecycle.ts';
import type { ModelsConfig } from '../../../common/config/models-schema.ts';
import { SubnetError } from '../../../common/errors.ts';
import { createCatalogue } from '../../../miner/models/catalogue.ts';
import { createHolds } from '../../../miner/models/holds.ts';
import type { Holds } from '../../../miner/models/holds.ts';
import { createModelKeeper } from '../../../miner/models/model-keeper.ts';
import type { StoredRef } from '../../../miner/models/model-keeper.ts';
import { createStatistics } from '../../../miner/models/model-statistics.ts';
import type { ServedModel } from '../../../miner/models/served-model.ts';
import { createManualPlatform } from '../../fakes/manual-platform.ts';
import { silentLog } from '../../fakes/silent-log.ts';

interface FakeModel extends ServedModel {
  close: () => Promise<void>;
  readonly holds: Holds;
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
  const open = async ({ name, version }: StoredRef, signal: AbortSignal): Promise<ServedModel> => {
    await Promise.race([gate, aborted(signal)]);
    signal.throwIfAborted();
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
      holds: createHolds(),
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
    const { keeper, catalogue, made, hold } = rigOf(['m/1'], { lingerMs: 500 });
    await keeper.load('m', '1');
    const release = hold();
    const loading = keeper.load('m', '1');
    await settle();
    expect(catalogue.find('m', null, null)).toBe(made[0]);
    release();
    await loading;
    expect(catalogue.find('m', null, null)).toBe(made[1]);
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

  it('keeps it until the last request that has found it is answered, and not for others', async () => {
    const { keeper, served, made, platform } = rigOf(['m/1'], { lingerMs: 30_000 });
    await keeper.load('m', '1');
    const [first, second] = [made[0]?.holds.take(), made[0]?.holds.take()];
    const unloading = keeper.unload('m', '1');
    await settle();
    expect(served()).toEqual([]);
    expect(keeper.index()).toMatchObject([{ state: 'UNLOADING' }]);
    first?.();
    first?.();
    await platform.advance(29_000);
    expect(made[0]?.closed).toBe(false);
    second?.();
    await platform.advance(100);
    await unloading;
    expect(made[0]?.closed).toBe(true);
    expect(keeper.index()).toMatchObject([{ state: 'UNAVAILABLE', reason: 'unloaded' }]);
  });

  it('holds up no other change, however slow those are who found it', async () => {
    const { keeper, served, made, stored, platform } = rigOf(['m/2', 'm/1'], { lingerMs: 30_000 });
    await keeper.load('m', '1');
    await keeper.start();
    const [first, second] = made.map((model) => model.holds.take());
    const unloading = keeper.unload('m', '1');
    stored.unshift('m/3');
    const rescanning = keeper.rescan();
    await keeper.load('m', '1');
    await keeper.setAlias('other', { name: 'm', version: '1' });
    expect(served()).toEqual(['m/3', 'm/1']);
    expect(keeper.index().map(({ state }) => state)).toEqual(['READY', 'UNLOADING', 'READY']);
    expect(made.map(({ closed }) => closed)).toEqual([false, false, false, false]);
    first?.();
    await platform.advance(100);
    await unloading;
    second?.();
    await platform.advance(100);
    expect((await rescanning).unloaded).toEqual(['m/2']);
    expect(made.map(({ closed }) => closed)).toEqual([true, true, false, false]);
    expect(keeper.index().map(({ state }) => state)).toEqual(['READY', 'UNAVAILABLE', 'READY']);
  });

  it('is over only when all of that version are gone', async () => {
    const { keeper, made, platform } = rigOf(['m/1'], { lingerMs: 30_000 });
    await keeper.load('m', '1');
    const letGo = made[0]?.holds.take();
    const unloading = keeper.unload('m', '1');
    await keeper.load('m', '1');
    await keeper.unload('m', '1');
    expect(keeper.index()).toMatchObject([{ state: 'UNLOADING' }]);
    letGo?.();
    await platform.advance(100);
    await unloading;
    expect(keeper.index()).toMatchObject([{ state: 'UNAVAILABLE', reason: 'unloaded' }]);
  });

  it('waits no longer than a body may be on its way', async () => {
    const { keeper, made, platform } = rigOf(['m/1'], { lingerMs: 1000 });
    await keeper.load('m', '1');
    made[0]?.holds.take();
    const unloading = keeper.unload('m', '1');
    await settle();
    await platform.advance(1000);
    await unloading;
    expect(made[0]?.closed).toBe(true);
  });

  it('is refused while a name stands for what would go, and says which', async () => {
    const { keeper, served, catalogue } = rigOf(['m/2', 'm/1']);
    for (const version of ['1', '2']) await keeper.load('m', version);
    await keeper.setAlias('embed', { name: 'm', version: '1' });
    await keeper.setAlias('newest', { name: 'm', version: null });
    await keeper.setCanary('m', { version: '2', share: 0.1 });
    const refusal = (version: string | null) =>
      expect(keeper.unload('m', version)).rejects.toMatchObject({ code: 'MODEL_IN_USE' });
    await expect(keeper.unload('m', '1')).rejects.toThrow('m/1: the alias embed');
    await expect(keeper.unload('m', '2')).rejects.toThrow('m/2: the canary of m');
    await expect(keeper.unload('m', null)).rejects.toThrow('the alias newest');
    expect(served()).toEqual(['m/2', 'm/1']);
    await keeper.setAlias('embed', null);
    await keeper.unload('m', '1');
    await keeper.setCanary('m', null);
    await refusal('2');
    expect(catalogue.find('newest', null, null)?.version).toBe('2');
    await keeper.setAlias('newest', null);
    await keeper.unload('m', '2');
    expect(served()).toEqual([]);
  });
});

describe('a new look at what is stored', () => {
  it('loads what is new and drops what is gone', async () => {
    const { keeper, served, stored } = rigOf(['m/1']);
    const none = { unloaded: [], left: [], failed: [] };
    expect(await keeper.rescan()).toEqual({ ...none, loaded: ['m/1'] });
    stored.splice(0, 1, 'm/2', 'm/1', 'n/1');
    expect(await keeper.rescan()).toEqual({
      ...none,
      loaded: ['m/2', 'n/1'],
      unloaded: ['m/1'],
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
      left: [{ model: 'm/1', reason: 'its successor is not loaded' }],
      failed: [{ model: 'm/2' }],
    });
    expect(served()).toEqual(['m/1']);
  });

  it('keeps the old version where an operator unloaded the new one', async () => {
    const { keeper, served, stored } = rigOf(['m/1']);
    await keeper.start();
    stored.unshift('m/2');
    await keeper.load('m', '2');
    await keeper.unload('m', '2');
    expect(await keeper.rescan()).toMatchObject({
      unloaded: [],
      left: [
        { model: 'm/2', reason: 'unloaded by command' },
        { model: 'm/1', reason: 'its successor is not loaded' },
      ],
    });
    expect(served()).toEqual(['m/1']);
    await keeper.load('m', '2');
    expect(await keeper.rescan()).toMatchObject({ unloaded: ['m/1'], left: [] });
  });

  it('drops what is stored no more where another that is asked for answers', async () => {
    const models = { m: { versions: 'all' as const, aliases: [] } };
    const { keeper, served, stored } = rigOf(['m/3', 'm/2', 'm/1'], { models });
    await keeper.start();
    await keeper.unload('m', '3');
    stored.pop();
    expect(await keeper.rescan()).toMatchObject({ unloaded: ['m/1'] });
    expect(served()).toEqual(['m/2']);
  });

  it('takes no name away that is still stored, whatever was done before', async () => {
    const versions = ['m/2', 'm/1'];
    const [name, version] = [fc.constant('m'), fc.constantFrom('1', '2')];
    const change = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('load' as const), name, version }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('unload' as const), name, version }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('rescan' as const) }) },
      fc.record({ kind: fc.constant('store' as const), stored: fc.subarray(versions) }),
      fc.record({ kind: fc.constant('break' as const), broken: fc.subarray(versions) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const rig = rigOf(['m/1']);
        await rig.keeper.start();
        rig.stored.unshift('m/2');
        for (const one of changes) {
          const had = rig.served().length > 0;
          await apply(rig, one).catch((error: unknown) => {
            expect(error).toBeInstanceOf(SubnetError);
          });
          const mustAnswer = one.kind === 'rescan' && had && rig.stored.length > 0;
          if (mustAnswer) expect(rig.served()).not.toEqual([]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps what was asked for by command, until that is taken back', async () => {
    const { keeper, served } = rigOf(['m/3', 'm/2', 'm/1']);
    await keeper.start();
    await keeper.load('m', '1');
    await keeper.load('m', '2');
    await keeper.setCanary('m', { version: '2', share: 0.1 });
    await keeper.unload('m', '3');
    expect(await keeper.rescan()).toEqual({
      loaded: [],
      unloaded: [],
      left: [
        { model: 'm/3', reason: 'unloaded by command' },
        { model: 'm/2', reason: 'the canary of m stands for it' },
        { model: 'm/1', reason: 'loaded by command' },
      ],
      failed: [],
    });
    expect(served()).toEqual(['m/2', 'm/1']);
    expect(keeper.index()[2]).toMatchObject({
      state: 'READY',
      reason: 'left by the last rescan: loaded by command',
    });
    await keeper.load('m', '3');
    await keeper.unload('m', '1');
    expect((await keeper.rescan()).left).toHaveLength(1);
    expect(served()).toEqual(['m/3', 'm/2']);
  });

  it('keeps the versions that names stand for, though they are stored no more', async () => {
    const { keeper, served, stored, catalogue } = rigOf(['m/2', 'm/1', 'n/2', 'n/1']);
    await keeper.start();
    await keeper.rescan();
    await keeper.setAlias('pinned', { name: 'm', version: '2' });
    await keeper.setAlias('open', { name: 'n', version: null });
    stored.splice(0, 4, 'm/3');
    expect(await keeper.rescan()).toMatchObject({
      loaded: ['m/3'],
      left: [
        { model: 'm/2', reason: 'the alias pinned stands for it' },
        { model: 'n/2', reason: 'the alias open stands for it' },
      ],
    });
    expect(served()).toEqual(['m/3', 'm/2', 'n/2']);
    expect(catalogue.find('pinned', null, null)?.version).toBe('2');
    expect(catalogue.find('open', null, null)?.version).toBe('2');
    await keeper.setAlias('pinned', null);
    await keeper.setAlias('open', null);
    expect((await keeper.rescan()).unloaded).toEqual(['m/2', 'n/2']);
  });

  it('follows the configuration', async () => {
    const models = { m: { versions: ['1', '3'], aliases: [] } };
    const { keeper, served } = rigOf(['m/3', 'm/2', 'm/1', 'n/1'], { models });
    await keeper.rescan();
    expect(served()).toEqual(['m/3', 'm/1']);
    const missing = rigOf(['m/2'], { models: { m: { versions: ['1'], aliases: [] } } });
    await expect(missing.keeper.start()).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
  });

  it('tells what the configuration names and is not there, and goes on with the rest', async () => {
    const aliases: string[] = [];
    const models = {
      m: { versions: 'newest' as const, aliases },
      n: { versions: ['1', '2'], aliases },
      o: { versions: 'newest' as const, aliases, default: '1' },
    };
    const { keeper, stored, served } = rigOf(['m/1', 'n/2', 'n/1', 'o/1'], { models });
    await keeper.start();
    stored.splice(0, 4, 'n/1', 'o/2', 'o/1');
    expect(await keeper.rescan()).toEqual({
      loaded: ['o/2'],
      unloaded: [],
      left: [{ model: 'm/1', reason: 'its successor is not loaded' }],
      failed: [
        { model: 'm', reason: 'the repository has no m' },
        { model: 'n/2', reason: 'no n/2' },
        { model: 'o/1', reason: 'o/1 is not among the versions that are loaded' },
      ],
    });
    // Nothing that answered stops to answer because its folder is gone.
    expect(served()).toEqual(['m/1', 'n/2', 'n/1', 'o/2', 'o/1']);
    stored.splice(0, 3, 'm/2', 'n/2', 'n/1', 'o/1');
    expect(await keeper.rescan()).toEqual({
      loaded: ['m/2'],
      unloaded: ['m/1', 'o/2'],
      left: [],
      failed: [],
    });
  });
});

describe('names', () => {
  it('can only stand for what is served', async () => {
    const { keeper, catalogue } = rigOf(['m/2', 'm/1']);
    await keeper.load('m', '1');
    await keeper.setAlias('other', { name: 'm', version: null });
    expect(catalogue.find('other', null, null)?.version).toBe('1');
    const unknown = { code: 'MODEL_UNKNOWN' };
    await expect(keeper.setAlias('more', { name: 'm', version: '2' })).rejects.toMatchObject(
      unknown,
    );
    await expect(keeper.setCanary('m', { version: '2', share: 0.5 })).rejects.toMatchObject(
      unknown,
    );
    await keeper.setCanary('m', { version: '1', share: 0.5 });
    await keeper.setCanary('m', null);
    await keeper.setAlias('other', null);
    expect(catalogue.find('other', null, null)).toBeUndefined();
  });

  it('stand for models, never for other names', async () => {
    const { keeper, catalogue } = rigOf(['m/1', 'n/1']);
    await keeper.start();
    await keeper.setAlias('first', { name: 'm', version: null });
    await expect(keeper.setAlias('second', { name: 'first', version: null })).rejects.toMatchObject(
      {
        code: 'MODEL_ALIAS_INVALID',
        message: expect.stringContaining('first stands for m') as string,
      },
    );
    await expect(keeper.setCanary('first', { version: '1', share: 1 })).rejects.toMatchObject({
      code: 'MODEL_ALIAS_INVALID',
    });
    // An alias of a model's own name hides that model, but other names of it go on.
    await keeper.setAlias('m', { name: 'n', version: null });
    expect(catalogue.find('m', null, null)?.name).toBe('n');
    expect(catalogue.find('first', null, null)?.name).toBe('m');
  });

  it('are changed in turn with what is loaded', async () => {
    const { keeper, hold, catalogue } = rigOf(['m/1']);
    const release = hold();
    const loading = keeper.load('m', '1');
    const naming = keeper.setAlias('other', { name: 'm', version: '1' });
    release();
    await Promise.all([loading, naming]);
    expect(catalogue.find('other', null, null)?.version).toBe('1');
  });

  it('are taken from the configuration, and what it cannot name is told', async () => {
    const models = { m: { versions: 'all', default: '1', aliases: ['a'] } } as const;
    const { keeper, catalogue } = rigOf(['m/2', 'm/1'], {
      models: { m: { ...models.m, aliases: ['a'] } },
    });
    await keeper.start();
    expect(catalogue.find('a', null, null)?.version).toBe('1');
    await expect(keeper.unload('m', '1')).rejects.toThrow('the alias m (its default version)');
  });

  it('answer whatever is done to the models', async () => {
    const version = fc.constantFrom('1', '2', '3');
    const name = fc.constantFrom('m', 'n');
    const alias = fc.constantFrom('a', 'b', 'm');
    const stored = fc.subarray(['m/3', 'm/2', 'm/1', 'n/2', 'n/1']);
    const maybe = fc.option(version);
    const change = fc.oneof(
      fc.record({ kind: fc.constant('load' as const), name, version: maybe }),
      fc.record({ kind: fc.constant('unload' as const), name, version: maybe }),
      fc.record({ kind: fc.constant('store' as const), stored }),
      fc.record({ kind: fc.constant('rescan' as const) }),
      fc.record({ kind: fc.constant('alias' as const), alias, name, version: maybe }),
      fc.record({ kind: fc.constant('canary' as const), name, version }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const rig = rigOf(['m/1', 'n/1']);
        const { keeper, catalogue } = rig;
        await keeper.start();
        for (const one of changes) {
          await apply(rig, one).catch((error: unknown) => {
            expect(error).toBeInstanceOf(SubnetError);
          });
          for (const [given] of catalogue.aliases()) {
            expect(catalogue.find(given, null, 'caller')).toBeDefined();
          }
          for (const [of, { version: trial }] of catalogue.canaries()) {
            expect(catalogue.versions(of).map((model) => model.version)).toContain(trial);
          }
        }
      }),
    );
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

type Change =
  | { readonly kind: 'load' | 'unload'; readonly name: string; readonly version: string | null }
  | { readonly kind: 'store'; readonly stored: readonly string[] }
  | { readonly kind: 'break'; readonly broken: readonly string[] }
  | { readonly kind: 'rescan' }
  | {
      readonly kind: 'alias';
      readonly alias: string;
      readonly name: string;
      readonly version: string | null;
    }
  | { readonly kind: 'canary'; readonly name: string; readonly version: string };

type Changed = Pick<ReturnType<typeof rigOf>, 'keeper' | 'stored' | 'broken'>;

async function apply({ keeper, stored, broken }: Changed, change: Change): Promise<void> {
  switch (change.kind) {
    case 'load':
      await keeper.load(change.name, change.version);
      return;
    case 'unload':
      return keeper.unload(change.name, change.version);
    case 'store':
      stored.splice(0, stored.length, ...change.stored);
      return;
    case 'break':
      broken.clear();
      for (const one of change.broken) broken.add(one);
      return;
    case 'rescan':
      await keeper.rescan();
      return;
    case 'alias':
      return keeper.setAlias(change.alias, change);
    case 'canary':
      return keeper.setCanary(change.name, { version: change.version, share: 0.5 });
  }
}

it('ends at once a load that is under way, and what waits behind it', async () => {
  const { keeper, made, hold } = rigOf(['m/2', 'm/1']);
  await keeper.load('m', '1');
  hold();
  const stopped = { code: 'MINER_STOPPING' };
  const loading = expect(keeper.load('m', '2')).rejects.toMatchObject(stopped);
  const waiting = expect(keeper.load('m', '1')).rejects.toMatchObject(stopped);
  await settle();
  await Promise.all([keeper.close(), loading, waiting]);
  expect(made.map(({ closed }) => closed)).toEqual([true]);
});

it('waits for no request when it ends', async () => {
  const { keeper, made } = rigOf(['m/1'], { lingerMs: 30_000 });
  await keeper.load('m', '1');
  made[0]?.holds.take();
  const unloading = keeper.unload('m', '1');
  await settle();
  await Promise.all([keeper.close(), unloading]);
  expect(made[0]?.closed).toBe(true);
});

it('waits, when it ends, for all that are going, and for those that cannot be closed', async () => {
  const { keeper, made } = rigOf(['m/1', 'n/1', 'o/1'], { lingerMs: 30_000 });
  await keeper.start();
  const [going, stuck, served] = made;
  if (going === undefined || stuck === undefined || served === undefined) throw new Error('none');
  going.holds.take();
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  going.close = () => ended;
  stuck.close = () => Promise.reject(new Error('it does not end'));
  const unloading = keeper.unload('m', '1');
  await settle();
  let closed = false;
  const closing = keeper.close().then(() => void (closed = true));
  await settle();
  expect([closed, served.closed]).toEqual([false, true]);
  end();
  await Promise.all([closing, unloading]);
});

it('ends with all that it loaded', async () => {
  const { keeper, made } = rigOf(['m/1', 'n/1']);
  await keeper.rescan();
  await keeper.close();
  expect(made.every(({ closed }) => closed)).toBe(true);
  await expect(keeper.load('m', '1')).rejects.toBeInstanceOf(SubnetError);
});
