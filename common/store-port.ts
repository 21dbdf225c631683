export type StoreOp =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

export interface RangeQuery {
  /** Inclusive lower bound. */
  readonly gte: string;
  /** Exclusive upper bound. */
  readonly lt: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** Ordered key-value state: batches are atomic and on disk when the promise resolves. */
export interface Store {
  get(key: string): Promise<Uint8Array | undefined>;
  batch(ops: readonly StoreOp[]): Promise<void>;
  range(query: RangeQuery): AsyncIterable<readonly [string, Uint8Array]>;
  close(): Promise<void>;
}
