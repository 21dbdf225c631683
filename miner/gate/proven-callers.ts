import { createOldestFirst } from '../../common/oldest-first.ts';

/**
 * From which addresses hotkeys sent what was let in lately. A head can claim any hotkey, but nobody
 * can claim one from an address where it was never seen.
 */
export interface ProvenCallers {
  note(hotkey: string, address: string, nowMs: number): void;
  has(hotkey: string, address: string, nowMs: number): boolean;
  /** Hotkeys that are remembered. */
  readonly size: number;
}

export interface ProvenCallersOptions {
  readonly maxHotkeys: number;
  /** Of one hotkey: with many it pushes out its own, and nobody else's. */
  readonly maxAddresses: number;
  readonly rememberedMs: number;
}

export function createProvenCallers(options: ProvenCallersOptions): ProvenCallers {
  const { maxHotkeys, maxAddresses, rememberedMs } = options;
  /** When each was seen last. */
  const seen = createOldestFirst<string, Map<string, number>>();
  const begin = (hotkey: string): Map<string, number> => {
    if (seen.size >= maxHotkeys) seen.takeOldest();
    const addresses = new Map<string, number>();
    seen.set(hotkey, addresses);
    return addresses;
  };
  return {
    note: (hotkey, address, nowMs) => {
      const addresses = seen.get(hotkey) ?? begin(hotkey);
      if (!addresses.has(address) && addresses.size >= maxAddresses) forgetOne(addresses);
      addresses.set(address, nowMs);
    },
    has: (hotkey, address, nowMs) => {
      const atMs = seen.get(hotkey)?.get(address);
      return atMs !== undefined && nowMs - atMs <= rememberedMs;
    },
    get size() {
      return seen.size;
    },
  };
}

/** Of a few: the one that was seen longest ago. */
function forgetOne(addresses: Map<string, number>): void {
  let longest: string | null = null;
  let longestMs = Infinity;
  for (const [address, atMs] of addresses) {
    if (atMs >= longestMs) continue;
    longest = address;
    longestMs = atMs;
  }
  if (longest !== null) addresses.delete(longest);
}
