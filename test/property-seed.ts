import process from 'node:process';
import * as fc from 'fast-check';

// Property tests draw the same cases in every run, so that a red run speaks of what was changed.
// PROPERTY_SEED=random draws new ones; any number repeats a run.
const seed = process.env['PROPERTY_SEED'] ?? '20261122';
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });
