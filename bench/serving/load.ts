import process from 'node:process';
import { builtModule } from './built.ts';
import type { LoadOrder, LoadResult } from './load-order.ts';
import { answerOf, cores, endProcess, spawnPinned } from './pinned.ts';

export interface Load {
  run(order: LoadOrder): Promise<LoadResult>;
  close(): Promise<void>;
}

/** Starts the load generator on its core. */
export function startLoad(): Load {
  const args = [builtModule('load-process')];
  const child = spawnPinned(cores.load, process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    run: (order) => {
      child.send(order);
      return answerOf<LoadResult>(child);
    },
    close: () => endProcess(child),
  };
}
