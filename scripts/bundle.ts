import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { packagePath } from '../common/node/package-root.ts';

/** What a process or a thread of its own begins with, besides the command. */
export const startedByPath = [
  'miner/engine/engine-child.ts',
  'miner/gate/verify-worker.ts',
  'miner/models/steps/tokenizer-thread.ts',
] as const;

/** They have native parts or files beside them, which they look for from where they lie. */
const staysOutside = [
  '@acala-network/chopsticks-core',
  'hash-wasm',
  'level',
  'onnxruntime-node',
  'sharp',
] as const;

/** Libraries in the old form of modules ask for Node's own by this. */
const requireForLibraries =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";

/**
 * Compiles some modules of this package, and what they are made of, into a folder, each under its
 * own name. Some two thousand files become some dozens: reading so many, one after the other, took
 * most of a start. Types are looked at elsewhere (`npm run types`).
 */
export async function bundle(outdir: string, modules: readonly string[]): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: packagePath(),
    entryPoints: [...modules, ...startedByPath],
    outdir,
    outbase: '.',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: [...staysOutside],
    banner: { js: requireForLibraries },
    chunkNames: 'parts/[name]-[hash]',
    legalComments: 'linked',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  });
}
