/**
 * A model process whose device fails as a file says. All of it is real but ONNX Runtime: the file
 * that it is told to load holds a `DeviceScript`, which is read again before each start and run.
 */
import { readFileSync, writeSync } from 'node:fs';
import type { LoadOrder } from '../../miner/engine/engine-load.ts';
import { LoadError } from '../../miner/engine/load-error.ts';
import type { LoadedModel } from '../../miner/engine/loaded-model.ts';
import { serveEngine } from '../../miner/engine/serve-engine.ts';
import { fakeModel } from './fake-engine.ts';

/** `starts`, `runs`: whether they succeed. `garbage`: instead of an answer. */
export interface DeviceScript {
  readonly starts: boolean;
  readonly runs: boolean;
  readonly garbage?: boolean;
}

function load({ modelPath, mustWarmUp }: LoadOrder): Promise<LoadedModel> {
  const script = (): DeviceScript => JSON.parse(readFileSync(modelPath, 'utf8'));
  if (!script().starts) {
    throw new LoadError(mustWarmUp === true ? 'device' : 'model', 'the device is gone');
  }
  return Promise.resolve({
    report: { model: fakeModel, notice: '', loadMs: 1, warm: true },
    stillRuns: () => Promise.resolve(script().runs),
    run: ([input]) => {
      if (script().garbage === true) {
        writeSync(3, new Uint8Array(64).fill(0x7b));
        return new Promise(() => undefined);
      }
      if (!script().runs) throw new Error('CUDA failure 700: an illegal memory access');
      if (input === undefined) throw new Error('no input');
      return Promise.resolve({
        report: { runMs: 1, postMs: 0 },
        outputs: [{ ...input, name: 'y' }],
      });
    },
  });
}

serveEngine((order) => Promise.resolve(order).then(load));
