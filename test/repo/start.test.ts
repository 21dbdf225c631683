import { describe, expect, it } from 'vitest';
import { startedByPath } from '../../scripts/bundle.ts';
import { importsOf, readProjectFile, sourceFiles } from './tree.ts';

/** They take longer to load than all of ours. */
const heavy = [
  '@polkadot/api',
  '@polkadot/util',
  '@polkadot/util-crypto',
  '@acala-network/chopsticks-core',
  '@huggingface/tokenizers',
  '@inquirer/confirm',
  '@inquirer/password',
  'level',
  'onnxruntime-node',
  'sharp',
  'undici',
  'ws',
];

const sources = new Set(sourceFiles());

/** All that is loaded before the first line of a module runs: its files and the libraries. */
function loadedWith(module: string): ReadonlySet<string> {
  const found = new Set([module]);
  for (const path of found) {
    if (!sources.has(path)) continue;
    const needed = importsOf(path).filter(({ typeOnly, lazy }) => !typeOnly && !lazy);
    for (const { to } of needed) found.add(to);
  }
  return found;
}

describe('how a process starts', () => {
  it.each([
    'cli/main.ts',
    'cli/miner.ts',
    'cli/subnets.ts',
    'cli/wallet.ts',
    'cli/validator.ts',
    'miner/main.ts',
  ])('%s loads no heavy library before it is needed', (module) => {
    const loaded = loadedWith(module);
    expect(loaded.size).toBeGreaterThan(5);
    expect(heavy.filter((library) => loaded.has(library))).toEqual([]);
  });

  it('bundles every module that a process or a thread begins with', () => {
    const named = [...sources].flatMap((path) =>
      [
        ...readProjectFile(path).matchAll(/'((?:chain|cli|common|miner|validator)\/[^']+\.ts)'/g),
      ].map(([, module]) => module),
    );
    expect(new Set(named)).toEqual(new Set(startedByPath));
  });
});
