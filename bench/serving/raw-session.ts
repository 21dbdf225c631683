import { execFile } from 'node:child_process';
import { packagePath } from '../../common/node/package-root.ts';
import { modelPath, programOf } from './servers.ts';
import { pinned } from './pinned.ts';

export interface RawChoice {
  readonly model: string;
  readonly threads: number;
  readonly onCores: string;
  readonly seconds: number;
  readonly batches: readonly number[];
}

const limitMs = 120_000;

/** Items a second that bare `session.run` reaches, by batch size; null where it is not installed. */
export function rawSession(choice: RawChoice): Promise<ReadonlyMap<number, number> | null> {
  const python = programOf('bench-btauth', 'python');
  if (python === null) return Promise.resolve(null);
  const { model, threads, onCores, seconds, batches } = choice;
  const script = packagePath('bench', 'peers', 'raw_session.py');
  const words = [script, modelPath(model), threads, seconds, ...batches].map(String);
  const [command = python, ...args] = pinned(onCores, python, words);
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: limitMs }, (error, stdout) => {
      if (error !== null) reject(error);
      else resolve(new Map(ratesOf(stdout)));
    });
  });
}

function ratesOf(text: string): readonly (readonly [number, number])[] {
  const rates = Object.entries(JSON.parse(text) as Record<string, number>);
  return rates.map(([batch, rate]) => [Number(batch), rate]);
}
