import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { packagePath } from '../../common/node/package-root.ts';

const root = packagePath('runs', 'bench', 'built');

/**
 * Compiles what is measured, as it ships: a loader of TypeScript takes time at the start, and
 * names every function anew whenever one is made.
 */
export function build(): void {
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ type: 'module', version: 'bench' }));
  if (!existsSync(join(root, 'native'))) symlinkSync(packagePath('native'), join(root, 'native'));
  const compiler = packagePath('node_modules', 'typescript', 'bin', 'tsc');
  const args = [compiler, '-p', packagePath('bench', 'serving', 'tsconfig.json')];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) console.error(stdout);
}

/** A module of this folder, compiled. */
export function builtModule(name: string): string {
  return join(root, 'dist', 'bench', 'serving', `${name}.js`);
}
