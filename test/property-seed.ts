import process from 'node:process';
import * as fc from 'fast-check';

// Property tests draw the same cases in every run, so that a red run speaks of what was changed.
// PROPERTY_SEED=random draws new ones; any number repeats a run.
const wanted = process.env['PROPERTY_SEED'] ?? '20261122';
if (wanted !== 'random') {
  const seed = Number(wanted);
  if (!/^-?\d+$/.test(wanted) || seed !== (seed | 0)) {
    throw new Error(`PROPERTY_SEED is ${wanted}: "random", or a whole number of 32 bits`);
  }
  fc.configureGlobal({ seed });
}
