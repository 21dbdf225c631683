import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';

/**
 * The folder that holds package.json, whether this file runs from source (`common/`) or built
 * (`dist/common/`): shipped files (config, artefacts, examples) are found relative to it.
 */
export const packageRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

/** A path of a file that ships with the package. */
export function packagePath(...parts: readonly string[]): string {
  return join(packageRoot, ...parts);
}

/** The version in package.json. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(packagePath('package.json'), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
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

/**
 * Arguments that make `process.execPath` run a module of this package as a process of its own,
 * built or from source. `modulePath` is relative to the package and ends in `.ts`.
 */
export function nodeArguments(modulePath: string): readonly string[] {
  if (!runsFromSource()) return [packagePath('dist', modulePath.replace(/\.ts$/, '.js'))];
  const loader = createRequire(packagePath('package.json')).resolve('tsx');
  return ['--import', pathToFileURL(loader).href, packagePath(modulePath)];
}

/**
 * A thread that runs a module of this package, built or from source. A thread does not take over
 * the loader of TypeScript sources, so it is told to register it.
 */
export function startThread(
  modulePath: string,
  options: Pick<WorkerOptions, 'workerData' | 'env'> = {},
): Worker {
  if (!runsFromSource()) {
    return new Worker(packagePath('dist', modulePath.replace(/\.ts$/, '.js')), {
      ...options,
      execArgv: [],
    });
  }
  const required = createRequire(packagePath('package.json')).resolve('tsx/esm/api');
  const loader = required.replace(/\.cjs$/, '.mjs');
  const [loaderUrl, moduleUrl] = [loader, packagePath(modulePath)].map(
    (path) => pathToFileURL(path).href,
  );
  const code = `import(${JSON.stringify(loaderUrl)}).then((tsx) => {
    tsx.register();
    return import(${JSON.stringify(moduleUrl)});
  })`;
  return new Worker(code, { ...options, eval: true, execArgv: [] });
}
