import type { MinerConfig } from '../../common/config/miner-schema.ts';
import { raoOf } from '../../common/config/field-schemas.ts';
import type { BatcherOptions } from './batcher.ts';

/** What the miner YAML says of batching and of what waits; how to pad is the model's to say. */
export function batcherOptionsOf({
  engine: { maxBatch },
  queue: { maxWaiting, maxDelayMs, preferredBatches, whenFull, classes },
}: Pick<MinerConfig, 'engine' | 'queue'>): BatcherOptions {
  return {
    maxBatch,
    maxWaiting,
    maxDelayMs,
    preferredBatches,
    whenFull,
    classes: classes.map(({ minStakeTao, weight }) => ({
      minStakeRao: raoOf(minStakeTao),
      weight,
    })),
  };
}
