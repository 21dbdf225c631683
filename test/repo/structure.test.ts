import { describe, expect, it } from 'vitest';
import { importsOf, projectFiles, readProjectFile, sourceFiles } from './tree.ts';
import type { ImportOf } from './tree.ts';

const files = sourceFiles();
const imports = files.flatMap(importsOf);
const coreExcludes = new Set(
  (JSON.parse(readProjectFile('tsconfig.core.json')) as { exclude: string[] }).exclude,
);
const coreFolders = ['common/', 'tasks/', 'miner/', 'validator/'];
const isCore = (path: string): boolean =>
  coreFolders.some((folder) => path.startsWith(folder)) && !coreExcludes.has(path);

/** Libraries that do no I/O and may stand in core files. */
const pureLibraries = ['zod', '@noble/hashes', '@noble/curves', '@noble/ciphers'];

/** Each of these has one door into the project. */
const doors: Readonly<Record<string, readonly string[]>> = {
  'onnxruntime-node': ['miner/engine/ort-session.ts'],
  '@polkadot/api': ['common/chain/chain-substrate.ts', 'common/chain/runtime-reader.ts'],
  undici: ['common/node/http-undici.ts', 'common/node/pinned-connector.ts'],
  sharp: ['miner/models/'],
  '@huggingface/tokenizers': ['miner/models/'],
  level: ['common/node/store-level.ts', 'chain/'],
  pino: ['common/node/log.ts'],
  'prom-client': ['common/node/telemetry.ts'],
  '@acala-network/chopsticks-core': ['chain/'],
  commander: ['cli/'],
  '@inquirer/confirm': ['cli/'],
  '@inquirer/password': ['cli/'],
  'hash-wasm': ['common/keys/'],
};

function describeImport({ from, to }: ImportOf): string {
  return `${from} -> ${to}`;
}

function packageOf(target: string): string {
  const parts = target.split('/');
  return target.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? target);
}

function forbidden(from: RegExp, to: RegExp): string[] {
  return imports.filter((one) => from.test(one.from) && to.test(one.to)).map(describeImport);
}

describe('the structure of the sources', () => {
  it('has no import between miner and validator', () => {
    expect(forbidden(/^miner\//, /^validator\//)).toEqual([]);
    expect(forbidden(/^validator\//, /^miner\//)).toEqual([]);
  });

  it('keeps common and tasks free of what is built on them', () => {
    expect(forbidden(/^(common|tasks)\//, /^(miner|validator|chain|cli)\//)).toEqual([]);
  });

  it('lets nothing but the command line import the command line', () => {
    expect(forbidden(/^(?!cli\/)/, /^cli\//)).toEqual([]);
  });

  it('lets core files import core files and pure libraries only', () => {
    const bad = imports
      .filter((one) => isCore(one.from) && !isCore(one.to))
      .filter((one) => !pureLibraries.includes(packageOf(one.to)));
    expect(bad.map(describeImport)).toEqual([]);
  });

  it('gives each library its door', () => {
    const bad = imports.filter((one) => {
      const allowed = doors[packageOf(one.to)];
      return allowed !== undefined && !allowed.some((door) => one.from.startsWith(door));
    });
    expect(bad.map(describeImport)).toEqual([]);
  });

  it('has no barrel, no index.ts and no import cycle', () => {
    const barrels = files.filter((path) => /^export \*/m.test(readProjectFile(path)));
    expect(barrels).toEqual([]);
    expect(projectFiles().filter((path) => /(^|\/)index\.ts$/.test(path))).toEqual([]);
    expect(cycles()).toEqual([]);
  });

  it('names every shell that the core compile leaves out as a file that exists', () => {
    const missing = [...coreExcludes].filter(
      (path) => path.endsWith('.ts') && !files.includes(path),
    );
    expect(missing).toEqual([]);
  });

  it('ends the process nowhere but in the command line', () => {
    const enders = files
      .filter((path) => !path.startsWith('cli/'))
      .filter((path) => /process\.exit\(/.test(readProjectFile(path)));
    expect(enders.filter((path) => path !== 'miner/engine/serve-engine.ts')).toEqual([]);
  });

  it('has no folder of more than 25 source files', () => {
    const counts = new Map<string, number>();
    for (const path of files) {
      const folder = path.slice(0, path.lastIndexOf('/'));
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    const crowded = [...counts].filter(([folder, count]) => folder !== 'common' && count > 25);
    expect(crowded).toEqual([]);
  });
});

function cycles(): string[] {
  const graph = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports) {
    if (!typeOnly && files.includes(to)) graph.set(from, [...(graph.get(from) ?? []), to]);
  }
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path].join(' -> '));
    if (at >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of files) walk(path, []);
  return found;
}
