import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { packagePath } from '../../common/node/package-root.ts';

const root = packagePath('test', 'fuzz', 'corpus');

/** Inputs that once broke something, or that hold what a mutation seldom finds. */
export function corpusOf(target: string): readonly Uint8Array[] {
  try {
    const folder = join(root, target);
    return readdirSync(folder)
      .sort()
      .map((name) => new Uint8Array(readFileSync(join(folder, name))));
  } catch {
    return [];
  }
}

/** Keeps an input; its name is its hash. */
export function keepInput(target: string, input: Uint8Array): string {
  const folder = join(root, target);
  mkdirSync(folder, { recursive: true });
  const name = `${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`;
  writeFileSync(join(folder, name), input);
  return `test/fuzz/corpus/${target}/${name}`;
}
