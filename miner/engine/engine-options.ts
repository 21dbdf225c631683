import type { MinerConfig } from '../../common/config/miner-schema.ts';
import { SubnetError } from '../../common/errors.ts';
import type { LoadOrder } from './engine-load.ts';

/** The model file, and what is known of it. */
export type ModelToLoad = Pick<LoadOrder, 'modelPath' | 'sha256'> & {
  /** The first axis of each tensor is a batch. */
  readonly batchAxis: boolean;
  /** As its manifest states it. */
  readonly tolerance?: number | undefined;
};

export interface EngineSettings {
  readonly load: Omit<LoadOrder, 'scratchDir'>;
  readonly runTimeoutMs: number;
  readonly instances: number;
  readonly devices: readonly number[];
}

/** What the miner YAML says of where models run. Throws CONFIG_INVALID. */
export function engineSettingsOf(
  { modelPath, sha256, batchAxis, tolerance }: ModelToLoad,
  engine: MinerConfig['engine'],
): EngineSettings {
  const { provider, require: required, threads, spinning, maxBatch, memoryLimitMib } = engine;
  if (required !== undefined && required !== provider) {
    const detail = `engine.require is ${required} but engine.provider is ${provider}`;
    throw new SubnetError('CONFIG_INVALID', { detail });
  }
  const load = {
    modelPath,
    sha256,
    provider,
    requireProvider: required !== undefined,
    threads,
    spinning,
    batching: batchAxis && maxBatch > 1,
    warmUpBatches: [...new Set([1, maxBatch])],
    ...(tolerance === undefined ? {} : { tolerance }),
    ...(memoryLimitMib === undefined ? {} : { memoryLimitMib }),
  };
  // The CPU is one device, however many the YAML lists.
  const devices = provider === 'cpu' ? [0] : engine.devices;
  const { instances, runTimeoutMs } = engine;
  return { load, runTimeoutMs, instances, devices };
}
