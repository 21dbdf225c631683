import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder that holds package.json, whether this file runs from source (`common/`) or built
 * (`dist/common/`): shipped files (config, artefacts, examples) are found relative to it.
 */
export const packageRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

/** A path of a file that ships with the package. */
export function packagePath(...parts: readonly string[]): string {
  return join(packageRoot, ...parts);
}

/** True when this process runs the TypeScript sources (through tsx) rather than `dist/`. */
export function runsFromSource(): boolean {
  return import.meta.url.endsWith('.ts');
}

function findRoot(start: string): string {
  let folder = start;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${start}`);
    folder = parent;
  }
  return folder;
}
