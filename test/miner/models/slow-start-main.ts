import process from 'node:process';
import { modelFile, startRig } from '../rig.ts';

/** A miner whose model is read from the file named by the first argument; stops on SIGTERM. */
const [, , modelPath = ''] = process.argv;
const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort(new Error('SIGTERM')));
try {
  const { sha256 } = modelFile('best');
  const overrides = { model: { path: modelPath, sha256 } };
  await startRig(overrides, { modelPath }, stopping.signal);
  console.log('serving');
} catch (error) {
  console.log(String(error));
}
