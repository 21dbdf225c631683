/** Counts by name, in bounded memory whatever names strangers make up. */
export interface Tally {
  add(name: string): void;
  readonly total: number;
  /** The most frequent first. */
  list(): readonly TallyEntry[];
}

export interface TallyEntry {
  readonly name: string;
  readonly count: number;
}

export function createTally(maxNames: number, restName: string): Tally {
  const counts = new Map<string, number>();
  let total = 0;
  return {
    get total() {
      return total;
    },
    add: (name) => {
      const kept = counts.has(name) || counts.size < maxNames ? name : restName;
      counts.set(kept, (counts.get(kept) ?? 0) + 1);
      total += 1;
    },
    list: () =>
      [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count),
  };
}
