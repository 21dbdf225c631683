import { SubnetError } from '../../common/errors.ts';
import type { Store } from '../../common/store-port.ts';

export interface MemoryStore extends Store {
  /** What is stored now; a new store made from it stands for a restart. */
  contents(): ReadonlyMap<string, Uint8Array>;
  /** The next `count` batches throw STORE_FAILED and store nothing, as on a full disk. */
  failBatches(count: number): void;
  /** Called before each batch is stored: throw to play a kill at that point. */
  beforeBatch: ((keys: readonly string[]) => void) | null;
}

export function createMemoryStore(
  initial: ReadonlyMap<string, Uint8Array> = new Map(),
): MemoryStore {
  const values = new Map(initial);
  let failing = 0;
  let closed = false;
  const usable = (): void => {
    if (closed) throw new SubnetError('STORE_FAILED', { detail: 'the store is closed' });
  };
  const store: MemoryStore = {
    beforeBatch: null,
    contents: () => new Map(values),
    failBatches: (count) => void (failing = count),
    async get(key) {
      usable();
      return values.get(key)?.slice();
    },
    async batch(ops) {
      usable();
      store.beforeBatch?.(ops.map((op) => op.key));
      if (failing > 0) {
        failing -= 1;
        throw new SubnetError('STORE_FAILED', { detail: 'the disk is full' });
      }
      for (const op of ops) {
        if (op.type === 'put') values.set(op.key, op.value.slice());
        else values.delete(op.key);
      }
    },
    async *range({ gte, lt, reverse = false, limit = Infinity }) {
      usable();
      const keys = [...values.keys()].filter((key) => key >= gte && key < lt).sort();
      if (reverse) keys.reverse();
      for (const key of keys.slice(0, limit < 0 ? undefined : limit)) {
        const value = values.get(key);
        if (value !== undefined) yield [key, value.slice()] as const;
      }
    },
    async close() {
      closed = true;
    },
  };
  return store;
}
