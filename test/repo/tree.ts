import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve, dirname } from 'node:path';
import { packageRoot } from '../../common/node/package-root.ts';

const skipped = new Set([
  'node_modules',
  'dist',
  'target',
  '.git',
  'coverage',
  'runs',
  'planted',
  '.venv',
]);

/** Every file of the project below `folder`, as paths from the root with forward slashes. */
export function projectFiles(folder = ''): string[] {
  const start = join(packageRoot, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start)
    .filter((name) => !skipped.has(name))
    .flatMap((name) => {
      const path = join(start, name);
      const fromRoot = relative(packageRoot, path);
      return statSync(path).isDirectory() ? projectFiles(fromRoot) : [fromRoot];
    });
}

export function readProjectFile(path: string): string {
  return readFileSync(join(packageRoot, path), 'utf8');
}

export const sourceFolders = ['chain', 'cli', 'common', 'miner', 'native', 'tasks', 'validator'];

export function sourceFiles(): string[] {
  return sourceFolders.flatMap((folder) => projectFiles(folder)).filter((p) => p.endsWith('.ts'));
}

export interface ImportOf {
  readonly from: string;
  /** A path from the root for relative imports, otherwise the package (`node:fs`, `zod`). */
  readonly to: string;
  readonly typeOnly: boolean;
  /** Loaded when it is needed, by `import()`. */
  readonly lazy: boolean;
}

const importPattern =
  /^(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|import\('([^']+)'\)/gm;

export function importsOf(path: string): ImportOf[] {
  return [...readProjectFile(path).matchAll(importPattern)].map((match) => {
    const target = match[2] ?? match[3] ?? match[4] ?? '';
    const to = target.startsWith('.')
      ? relative(packageRoot, resolve(packageRoot, dirname(path), target))
      : target;
    return { from: path, to, typeOnly: match[1] !== undefined, lazy: match[4] !== undefined };
  });
}
