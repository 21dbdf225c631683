import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../common/node/package-root.ts';
import { bundle } from '../../scripts/bundle.ts';

const root = packagePath('runs', 'bench', 'built');

/**
 * Compiles what is measured, as it ships: a loader of TypeScript takes time at the start, and
 * names every function anew whenever one is made.
 */
export async function build(): Promise<void> {
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ type: 'module', version: 'bench' }));
  if (!existsSync(join(root, 'native'))) symlinkSync(packagePath('native'), join(root, 'native'));
  const measured = ['miner-process', 'load-process'].map((name) => `bench/serving/${name}.ts`);
  await bundle(join(root, 'dist'), measured);
}

/** A module of this folder, compiled. */
export function builtModule(name: string): string {
  return join(root, 'dist', 'bench', 'serving', `${name}.js`);
}
