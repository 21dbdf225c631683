/** What our miner is started with; everything else is as it ships. */
export interface MinerOrder {
  readonly model: 'light' | 'heavy' | 'echo';
  /** Absolute path of the ONNX file. */
  readonly path: string;
  readonly sha256: string;
  readonly maxBatch: number;
  readonly instances: number;
  /** Takes a timer each millisecond: not where a miner at rest is measured. */
  readonly watchesLoop: boolean;
}

export type MinerWord =
  | { readonly kind: 'ready'; readonly port: number; readonly readyMs: number }
  | { readonly kind: 'loop-delay'; readonly p99Ms: number };
