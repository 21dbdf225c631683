import { resolvePath } from '../../common/config/config-load.ts';
import type { MinerConfig } from '../../common/config/miner-schema.ts';

/** Absolute paths of what a configuration names; only what it names is there. */
export interface ModelFiles {
  readonly modelPath?: string;
  readonly modelRepository?: string;
}

export function modelFilesOf({ model, modelRepository }: MinerConfig, baseDir: string): ModelFiles {
  return {
    ...(model === undefined ? {} : { modelPath: resolvePath(baseDir, model.path) }),
    ...(modelRepository === undefined
      ? {}
      : { modelRepository: resolvePath(baseDir, modelRepository) }),
  };
}
