import process from 'node:process';
import { startRig } from '../rig.ts';

/**
 * A whole miner in a process of its own, so that its memory, its files and its exit can be looked
 * at from outside. Its settings come as JSON in the first argument; it says its port when it
 * serves, and stops as a miner does on SIGTERM.
 */
const overrides = JSON.parse(process.argv[2] ?? '{}') as Record<string, unknown>;
const problems: string[] = [];
process.on('unhandledRejection', (reason) => problems.push(String(reason)));
const rig = await startRig(overrides);
console.log(JSON.stringify({ port: rig.port }));

process.on('SIGUSR2', () => {
  void rig.metrics().then((metrics) => {
    console.log(JSON.stringify({ metrics, log: rig.logLines, problems }));
  });
});
process.on('SIGTERM', () => {
  void rig.miner.stop().then(() => {
    process.exitCode = problems.length === 0 ? 0 : 1;
    process.disconnect?.();
  });
});
