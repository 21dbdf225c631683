import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ChainState,
  OverlayView,
  PinnedView,
  StateDiscarded,
  keysOf,
} from '../../chain/chain-state.ts';
import type { Hex, StorageDiff } from '../../chain/chain-state.ts';

const key = fc
  .uint8Array({ minLength: 1, maxLength: 3, max: 3 })
  .map((bytes): Hex => `0x${Buffer.from(bytes).toString('hex')}`);
const value = fc.option(fc.constantFrom<Hex>('0x01', '0x02', '0x03'));
const diff = fc.array(fc.tuple(key, value), { maxLength: 12 });

/** The same by the plainest means: a map, sorted for each question. */
function applied(to: ReadonlyMap<Hex, Hex>, changes: StorageDiff): Map<Hex, Hex> {
  const map = new Map(to);
  for (const [changed, now] of changes) {
    if (now === null) map.delete(changed);
    else map.set(changed, now);
  }
  return map;
}

const sorted = (map: ReadonlyMap<Hex, Hex>, prefix: string): Hex[] =>
  [...map.keys()].filter((one) => one.startsWith(prefix)).sort();

describe('storage of the chain', () => {
  it('keeps values and order over any changes, and gives back what undoes them', () => {
    fc.assert(
      fc.property(fc.array(diff, { maxLength: 6 }), key, (diffs, prefix) => {
        const state = new ChainState([]);
        let model = new Map<Hex, Hex>();
        const undos = diffs.map((changes) => {
          model = applied(model, changes);
          return state.apply(changes);
        });
        expect(keysOf(state, prefix, 1000, null)).toEqual(sorted(model, prefix));
        expect(new Map(state.entries())).toEqual(model);
        for (const undo of undos.toReversed()) state.apply([...undo]);
        expect(state.size).toBe(0);
        expect(keysOf(state, '0x', 1000, null)).toEqual([]);
      }),
    );
  });

  it('shows changes on top of it without touching it', () => {
    fc.assert(
      fc.property(diff, diff, key, (below, above, prefix) => {
        const base = applied(new Map(), below);
        const state = new ChainState(base);
        const view = new OverlayView(state, above);
        const model = applied(base, above);
        expect(keysOf(view, prefix, 1000, null)).toEqual(sorted(model, prefix));
        for (const [changed] of [...above, ...below]) {
          expect(view.get(changed)).toBe(model.get(changed) ?? null);
        }
        expect(new Map(state.entries())).toEqual(base);
      }),
    );
  });

  it('pages through keys after a start', () => {
    const state = new ChainState([
      ['0x0101', '0x01'],
      ['0x0102', '0x01'],
      ['0x0103', '0x01'],
      ['0x02', '0x01'],
    ]);
    expect(keysOf(state, '0x01', 2, null)).toEqual(['0x0101', '0x0102']);
    expect(keysOf(state, '0x01', 2, '0x0102')).toEqual(['0x0103']);
    expect(keysOf(state, '0x02', 2, null)).toEqual(['0x02']);
  });

  it('puts a pinned view together anew when the chain moved on, and says when it cannot', () => {
    let head = 1;
    let kept = true;
    const state = new ChainState([['0x01', '0xaa']]);
    const view = new PinnedView(
      () => head,
      () => {
        if (!kept) throw new StateDiscarded('0xblock');
        return head === 1 ? state : new OverlayView(state, [['0x01', '0xaa']]);
      },
    );
    expect(view.get('0x01')).toBe('0xaa');
    state.apply([['0x01', '0xbb']]);
    head = 2;
    expect(view.get('0x01')).toBe('0xaa');
    expect(view.nextKey('0x', '0x')).toBe('0x01');
    head = 3;
    kept = false;
    expect(() => view.get('0x01')).toThrow(StateDiscarded);
  });
});
