import { afterEach, describe, expect, it } from 'vitest';
import type { Store } from '../../common/store-port.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

async function keysOf(entries: AsyncIterable<readonly [string, Uint8Array]>): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of entries) keys.push(key);
  return keys;
}

/** What every Store must do; `reopen` closes and opens the same state again. */
export function storeContract(
  name: string,
  make: () => Promise<{ store: Store; reopen: () => Promise<Store>; dispose: () => Promise<void> }>,
): void {
  describe(`store: ${name}`, () => {
    let disposals: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const dispose of disposals) await dispose();
      disposals = [];
    });

    async function fresh(): Promise<{ store: Store; reopen: () => Promise<Store> }> {
      const made = await make();
      disposals.push(made.dispose);
      return made;
    }

    it('gives back what was put and nothing for what was not', async () => {
      const { store } = await fresh();
      await store.batch([{ type: 'put', key: 'a', value: bytes('1') }]);
      expect(text(await store.get('a'))).toBe('1');
      expect(await store.get('b')).toBeUndefined();
    });

    it('applies a batch in order, deletions too', async () => {
      const { store } = await fresh();
      await store.batch([
        { type: 'put', key: 'a', value: bytes('1') },
        { type: 'put', key: 'a', value: bytes('2') },
        { type: 'put', key: 'b', value: bytes('3') },
        { type: 'del', key: 'b' },
      ]);
      expect(text(await store.get('a'))).toBe('2');
      expect(await store.get('b')).toBeUndefined();
    });

    it('ranges in key order, from an inclusive to an exclusive bound', async () => {
      const { store } = await fresh();
      const put = (key: string) => ({ type: 'put' as const, key, value: bytes(key) });
      await store.batch(['c', 'a', 'd', 'b'].map(put));
      expect(await keysOf(store.range({ gte: 'a', lt: 'd' }))).toEqual(['a', 'b', 'c']);
      expect(await keysOf(store.range({ gte: 'b', lt: 'z', reverse: true }))).toEqual([
        'd',
        'c',
        'b',
      ]);
      expect(await keysOf(store.range({ gte: 'a', lt: 'z', limit: 2 }))).toEqual(['a', 'b']);
      expect(await keysOf(store.range({ gte: 'x', lt: 'z' }))).toEqual([]);
    });

    it('keeps empty values and bytes of every kind', async () => {
      const { store } = await fresh();
      const all = Uint8Array.from({ length: 256 }, (_, at) => at);
      await store.batch([
        { type: 'put', key: 'all', value: all },
        { type: 'put', key: 'none', value: new Uint8Array() },
      ]);
      expect([...((await store.get('all')) ?? [])]).toEqual([...all]);
      expect((await store.get('none'))?.length).toBe(0);
    });

    it('still holds everything after it was closed and opened again', async () => {
      const { store, reopen } = await fresh();
      await store.batch([{ type: 'put', key: 'a', value: bytes('1') }]);
      const again = await reopen();
      expect(text(await again.get('a'))).toBe('1');
    });

    it('fails with STORE_FAILED once it is closed', async () => {
      const { store } = await fresh();
      await store.close();
      await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_FAILED' });
      await expect(store.batch([])).rejects.toMatchObject({ code: 'STORE_FAILED' });
    });
  });
}
