import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, createCatalogue } from '../../miner/models/catalogue.ts';
import type { ServedModel } from '../../miner/models/served-model.ts';

function model(name: string, version: string): ServedModel {
  return {
    name,
    version,
    sha256: '00'.repeat(32),
    interface: { inputs: [], outputs: [] },
    platform: 'test',
    notReady: () => null,
    infer: () => Promise.resolve({ kind: 'refused', reason: 'closed' }),
    load: () => ({ waiting: 0, running: 0 }),
    close: () => Promise.resolve(),
  };
}

function filled(...refs: readonly string[]) {
  const catalogue = createCatalogue();
  for (const ref of refs) catalogue.put(model(...(ref.split('/') as [string, string])));
  const found = (name: string, version: string | null = null, caller: string | null = null) => {
    const one = catalogue.find(name, version, caller);
    return one === undefined ? null : `${one.name}/${one.version}`;
  };
  return { catalogue, found };
}

describe('which version answers', () => {
  it('is the newest when none is asked for, by number and not by text', () => {
    const { found, catalogue } = filled('m/9', 'm/10', 'm/2', 'other/1');
    expect(found('m')).toBe('m/10');
    expect(found('m', '2')).toBe('m/2');
    expect(found('m', '3')).toBeNull();
    expect(found('nothing')).toBeNull();
    expect(catalogue.list().map((one) => one.version)).toEqual(['10', '9', '2', '1']);
  });

  it('is the next older one when the newest goes', () => {
    const { found, catalogue } = filled('m/1', 'm/2');
    expect(catalogue.remove('m', '2')?.version).toBe('2');
    expect(found('m')).toBe('m/1');
    expect(catalogue.remove('m', '2')).toBeUndefined();
    catalogue.remove('m', '1');
    expect(found('m')).toBeNull();
    expect(catalogue.list()).toEqual([]);
  });

  it('replaces a version of the same name and tells which one', () => {
    const { found, catalogue } = filled('m/1');
    const first = catalogue.find('m', null, null);
    expect(catalogue.put(model('m', '1'))).toBe(first);
    expect(catalogue.list()).toHaveLength(1);
    expect(found('m')).toBe('m/1');
  });

  it('orders versions totally', () => {
    const version = fc.stringMatching(/^[0-9]{1,3}([.-][0-9a-z]{1,3}){0,2}$/);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
        expect(compareVersions(a, b) === 0).toBe(a === b);
        const [x, y, z] = [a, b, c].sort(compareVersions);
        expect(compareVersions(x ?? '', z ?? '')).toBeLessThanOrEqual(0);
        expect(compareVersions(x ?? '', y ?? '')).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('an alias', () => {
  it('stands for a version', () => {
    const { found, catalogue } = filled('m/1', 'm/2');
    catalogue.setAlias('embed', { name: 'm', version: '1' });
    expect(found('embed')).toBe('m/1');
    expect(found('embed', '1')).toBe('m/1');
    expect(found('embed', '2')).toBeNull();
    catalogue.setAlias('embed', null);
    expect(found('embed')).toBeNull();
  });

  it('stands for whichever version answers for a name', () => {
    const { found, catalogue } = filled('m/1', 'm/2');
    catalogue.setAlias('embed', { name: 'm', version: null });
    expect(found('embed')).toBe('m/2');
    expect(found('embed', '1')).toBe('m/1');
  });

  it('pins a model of its own name, whose other versions stay within reach', () => {
    const { found, catalogue } = filled('m/1', 'm/2');
    catalogue.setAlias('m', { name: 'm', version: '1' });
    expect(found('m')).toBe('m/1');
    expect(found('m', '2')).toBe('m/2');
  });
});

describe('a canary', () => {
  const callers = Array.from({ length: 4000 }, (_, at) => `caller-${at}`);

  it('answers its share of the callers, always the same ones', () => {
    const { found, catalogue } = filled('m/1', 'm/2');
    for (const share of [0, 0.1, 0.5, 1]) {
      catalogue.setCanary('m', { version: '2', share });
      const got = callers.filter((caller) => found('m', null, caller) === 'm/2');
      expect(Math.abs(got.length / callers.length - share)).toBeLessThan(0.03);
      expect(callers.filter((caller) => found('m', null, caller) === 'm/2')).toEqual(got);
    }
  });

  it('only ever gains callers when its share grows', () => {
    const { found, catalogue } = filled('m/1', 'm/2');
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.constantFrom(...callers), (a, b, caller) => {
        const answers = [Math.min(a, b), Math.max(a, b)].map((one) => {
          catalogue.setCanary('m', { version: '2', share: one });
          return found('m', null, caller);
        });
        if (answers[0] === 'm/2') expect(answers[1]).toBe('m/2');
      }),
    );
  });

  it('is not met by strangers, nor by who names a version', () => {
    const { found, catalogue } = filled('m/1', 'm/2', 'm/3');
    catalogue.setCanary('m', { version: '3', share: 1 });
    expect(found('m')).toBe('m/2');
    expect(found('m', '1', 'caller-1')).toBe('m/1');
    catalogue.setCanary('m', null);
    expect(found('m')).toBe('m/3');
  });

  it('is drawn for hotkeys, and for nothing as long as a stranger may write it', () => {
    const { found, catalogue } = filled('m/1', 'm/2');
    catalogue.setCanary('m', { version: '2', share: 1 });
    expect(found('m', null, 'a'.repeat(64))).toBe('m/2');
    expect(found('m', null, 'a'.repeat(65))).toBe('m/1');
  });

  it('goes beside a pinned version, for other names of the model too', () => {
    const { found, catalogue } = filled('m/1', 'm/2', 'm/3');
    catalogue.setAlias('m', { name: 'm', version: '1' });
    catalogue.setAlias('other', { name: 'm', version: null });
    catalogue.setAlias('fixed', { name: 'm', version: '1' });
    catalogue.setCanary('m', { version: '3', share: 1 });
    expect(found('m', null, 'caller-1')).toBe('m/3');
    expect(found('other', null, 'caller-1')).toBe('m/3');
    expect(found('fixed', null, 'caller-1')).toBe('m/1');
    catalogue.setCanary('m', { version: '3', share: 0 });
    expect(found('m', null, 'caller-1')).toBe('m/1');
    expect(found('other', null, 'caller-1')).toBe('m/1');
  });

  it('may be an older version, and counts for nothing while it is not loaded', () => {
    const { found, catalogue } = filled('m/1', 'm/2');
    catalogue.setCanary('m', { version: '1', share: 1 });
    expect(found('m', null, 'caller-1')).toBe('m/1');
    catalogue.setCanary('m', { version: '7', share: 1 });
    expect(found('m', null, 'caller-1')).toBe('m/2');
  });
});
