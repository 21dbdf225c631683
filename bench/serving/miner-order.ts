/** What our miner is started with; everything else is as it ships. */
export interface MinerOrder {
  readonly model: string;
  /** Absolute path of the ONNX file. */
  readonly path: string;
  readonly sha256: string;
  readonly maxBatch: number;
  readonly threads: number;
}

export type MinerWord =
  | {
      readonly kind: 'ready';
      readonly port: number;
      readonly readyMs: number;
      /** It serves the classic wire too. */
      readonly classic: boolean;
    }
  | { readonly kind: 'loop-delay'; readonly p99Ms: number };
