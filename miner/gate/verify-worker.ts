/** A thread that verifies signatures for the miner that started it; holds no secret. */
import { parentPort } from 'node:worker_threads';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { unpackChecks } from './verify-frames.ts';

const sr25519 = loadSr25519();

parentPort?.on('message', (packed: Uint8Array) => {
  parentPort?.postMessage(sr25519.verifyBatch(unpackChecks(packed)), []);
});
parentPort?.postMessage(null, []);
