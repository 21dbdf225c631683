import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openLevelStore } from '../../common/node/store-level.ts';
import { storeContract } from '../contract/store-contract.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const dirs: string[] = [];
async function freshDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'store-'));
  dirs.push(dir);
  return join(dir, 'state');
}
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});

storeContract('level', async () => {
  const dir = await freshDir();
  let store = await openLevelStore(dir);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openLevelStore(dir);
      return store;
    },
    dispose: async () => {
      await store.close();
    },
  };
});

storeContract('memory', async () => {
  const store = createMemoryStore();
  return {
    store,
    reopen: async () => createMemoryStore(store.contents()),
    dispose: async () => undefined,
  };
});

describe('openLevelStore', () => {
  it('lets one holder in at a time', async () => {
    const dir = await freshDir();
    const store = await openLevelStore(dir);
    await expect(openLevelStore(dir)).rejects.toMatchObject({ code: 'STORE_LOCKED', exitCode: 3 });
    await store.close();
    await (await openLevelStore(dir)).close();
  });

  it('does not make a directory that must exist', async () => {
    const dir = await freshDir();
    await expect(openLevelStore(dir, { mustExist: true })).rejects.toMatchObject({
      code: 'STORE_FAILED',
    });
    expect(await readdir(dirname(dir))).toEqual([]);
  });

  it('sets a damaged directory aside, keeps every byte of it and says where', async () => {
    const dir = await freshDir();
    const store = await openLevelStore(dir);
    await store.batch([{ type: 'put', key: 'a', value: Uint8Array.of(1) }]);
    await store.close();
    const manifest = (await readdir(dir)).find((name) => name.startsWith('MANIFEST'));
    await writeFile(join(dir, manifest ?? ''), 'not a manifest at all, far from it');
    await expect(openLevelStore(dir)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    const [aside] = await readdir(dirname(dir));
    expect(aside).toMatch(/^state\.damaged-/);
    expect(await readdir(join(dirname(dir), aside ?? ''))).toContain(manifest);
    await (await openLevelStore(dir)).close();
  });

  it('takes a directory that lost its root file for damaged, never for a new one', async () => {
    const dir = await freshDir();
    const store = await openLevelStore(dir);
    await store.batch([{ type: 'put', key: 'a', value: Uint8Array.of(1) }]);
    await store.close();
    await rm(join(dir, 'CURRENT'));
    const looking = openLevelStore(dir, { mustExist: true });
    await expect(looking).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    expect(await readdir(dirname(dir))).toEqual(['state']);
    await expect(openLevelStore(dir)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    expect((await readdir(dirname(dir)))[0]).toMatch(/^state\.damaged-/);
  });

  it('loses at most the last batch when the log was cut off in mid-write', async () => {
    const dir = await freshDir();
    const store = await openLevelStore(dir);
    await store.batch([{ type: 'put', key: 'first', value: new Uint8Array(100).fill(1) }]);
    await store.batch([
      { type: 'put', key: 'second', value: new Uint8Array(1000).fill(2) },
      { type: 'put', key: 'third', value: new Uint8Array(1000).fill(3) },
    ]);
    await store.close();
    const log = (await readdir(dir)).find((name) => name.endsWith('.log')) ?? '';
    await truncate(join(dir, log), 1500);
    const again = await openLevelStore(dir);
    expect((await again.get('first'))?.length).toBe(100);
    expect(await again.get('second')).toBeUndefined();
    expect(await again.get('third')).toBeUndefined();
    await again.close();
  });
});
