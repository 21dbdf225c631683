import { asBig, asNumber } from '../chain/decoded.ts';
import { fromHex } from '../hex.ts';
import type { StateView } from '../state-view.ts';

const pallet = 'SubtensorModule';

/** A storage item of SubtensorModule; undefined where the runtime has no such item. */
export async function optional(
  view: StateView,
  item: string,
  ...keys: readonly unknown[]
): Promise<unknown> {
  return view.hasStorage(pallet, item) ? view.storage(pallet, item, ...keys) : undefined;
}

/** The item for each netuid; all undefined where the runtime has no such item. */
export async function optionalMany(
  view: StateView,
  item: string,
  netuids: readonly number[],
): Promise<readonly unknown[]> {
  if (!view.hasStorage(pallet, item)) return netuids.map(() => undefined);
  return view.storageMany(
    pallet,
    item,
    netuids.map((netuid) => [netuid]),
  );
}

export async function optionalNumber(
  view: StateView,
  item: string,
  ...keys: readonly unknown[]
): Promise<number | null> {
  return numberOrNull(await optional(view, item, ...keys));
}

export async function optionalBig(
  view: StateView,
  item: string,
  ...keys: readonly unknown[]
): Promise<bigint | null> {
  return bigOrNull(await optional(view, item, ...keys));
}

export function numberOrNull(value: unknown): number | null {
  return value === undefined || value === null ? null : asNumber(value);
}

export function bigOrNull(value: unknown): bigint | null {
  return value === undefined || value === null ? null : asBig(value);
}

/** UTF-8 text of bytes, cut and without control characters: anyone may have written them. */
export function textOfBytes(value: unknown): string {
  if (typeof value !== 'string') return '';
  const bytes = value.startsWith('0x') ? fromHex(value) : undefined;
  const text = bytes === undefined ? value : new TextDecoder().decode(bytes);
  return text.replace(/\p{C}/gu, '').trim().slice(0, 64);
}
