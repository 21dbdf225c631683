import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../common/config/config-load.ts';
import { minerSchema } from '../../../common/config/miner-schema.ts';
import { SubnetError } from '../../../common/errors.ts';
import { checkRepository, repositoryProblems } from '../../../miner/models/check-repository.ts';
import { readManifest, scanRepository } from '../../../miner/models/repository.ts';
import { addDigits, emptyRepository, imageSteps } from './repository-folder.ts';

let root: string;

beforeEach(() => {
  root = emptyRepository();
});

afterEach(() => rmSync(root, { recursive: true }));

const refs = (): string[] => scanRepository(root).map(({ name, version }) => `${name}/${version}`);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof SubnetError ? error.code : String(error);
  }
  return 'fine';
}

describe('a repository', () => {
  it('is a folder for each model and version, the newest of each first', () => {
    for (const ref of ['b/1', 'a/2', 'a/10', 'a/1']) addDigits(root, ref);
    mkdirSync(join(root, '.git'));
    mkdirSync(join(root, 'a', '_draft'));
    writeFileSync(join(root, 'README.md'), 'text');
    expect(refs()).toEqual(['a/10', 'a/2', 'a/1', 'b/1']);
  });

  it('is refused, with the place, where it is none', () => {
    expect(codeOf(() => scanRepository(join(root, 'nothing')))).toBe('MODEL_REPOSITORY_INVALID');
    mkdirSync(join(root, 'a', 'v1'), { recursive: true });
    expect(() => scanRepository(root)).toThrow(/is no version.*v1/);
    rmSync(join(root, 'a', 'v1'), { recursive: true });
    mkdirSync(join(root, 'a', '1'));
    expect(() => scanRepository(root)).toThrow(/has no manifest.yaml/);
    mkdirSync(join(root, 'bad name'));
    expect(() => scanRepository(root)).toThrow(/no name of a model|has no manifest/);
  });
});

describe('a manifest', () => {
  const problemsOf = (more: string): readonly string[] => {
    addDigits(root, 'a/1', { more });
    const [stored] = scanRepository(root);
    try {
      if (stored !== undefined) readManifest(stored);
    } catch (error) {
      if (error instanceof ConfigError) {
        return error.problems.map(
          ({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`,
        );
      }
      throw error;
    }
    return [];
  };

  it('has defaults for all that need not be said', () => {
    addDigits(root, 'a/1', imageSteps);
    const [stored] = scanRepository(root);
    const manifest = stored === undefined ? null : readManifest(stored);
    expect(manifest?.batch).toEqual({ axis: true });
    expect(manifest?.pre[0]).toMatchObject({ maxPixels: 16_777_216, layout: 'nchw', mean: [0] });
  });

  it('tells what is wrong with line and column', () => {
    expect(problemsOf('maxItem: 3\n')).toEqual(['7:1 maxItem: unknown key']);
    expect(problemsOf('pre:\n  - step: tokenise\n')[0]).toMatch(/^8:11 pre.0.step: /);
    const image =
      'pre:\n  - { step: decode-image, width: 8, height: 8, output: x, mean: [1, 2] }\n';
    expect(problemsOf(image)[0]).toMatch(/^8:\d+ pre.0.mean: has 2 values for 3 channels/);
    expect(problemsOf('post:\n  - { step: softmax, input: a }\n')[0]).toMatch(
      /^8:\d+ post.0.output: is missing/,
    );
  });

  it('names files of its own folder only', () => {
    for (const file of ['../model.onnx', '/etc/passwd', 'a/../../b', './x', 'a//b']) {
      addDigits(root, 'a/1', {});
      const path = join(root, 'a', '1', 'manifest.yaml');
      writeFileSync(
        path,
        `kind: tensors\nmodel: { file: "${file}", sha256: "${'0'.repeat(64)}" }\nlicence: x\nsource: x\ndatasets: []\ncontributors: []\n`,
      );
      const [stored] = scanRepository(root);
      expect(
        codeOf(() => stored !== undefined && readManifest(stored)),
        file,
      ).toBe('CONFIG_INVALID');
    }
  });

  it('needs the step that its kind is about', () => {
    addDigits(root, 'a/1', { kind: 'text-embedding' });
    const [stored] = scanRepository(root);
    expect(() => stored !== undefined && readManifest(stored)).toThrow(/needs a step tokenize/);
  });
});

describe('the files of a repository', () => {
  it('are all looked through, each with its place', async () => {
    addDigits(root, 'a/1');
    const wrong = createHash('sha256').update('other').digest('hex');
    addDigits(root, 'b/1', {
      more: `post:\n  - { step: top-k, input: probabilities, k: 1, labels: { file: names.json, sha256: "${wrong}" } }\n`,
      files: { 'names.json': '[]' },
    });
    addDigits(root, 'c/1', { more: 'unknown: 1\n' });
    writeFileSync(join(root, 'b', '1', 'model.onnx'), 'changed');
    const problems = await repositoryProblems(scanRepository(root));
    const told = problems.map(({ name, path, error }) => [name, path, error.code]);
    expect(told).toEqual([
      ['b', 'model', 'MODEL_HASH_MISMATCH'],
      ['b', 'post.0.labels', 'MODEL_HASH_MISMATCH'],
      ['c', '', 'CONFIG_INVALID'],
    ]);
    await expect(checkRepository(root, undefined)).rejects.toMatchObject({
      code: 'MODEL_HASH_MISMATCH',
    });
    const models = { a: { versions: 'newest' as const, aliases: [] } };
    await expect(checkRepository(root, models)).resolves.toBeUndefined();
  });
});

describe("the miner's YAML", () => {
  const base = { netuid: 1, chain: { endpoints: ['ws://127.0.0.1:1'] }, task: 'digits' };
  const model = { path: 'x.onnx', sha256: '0'.repeat(64) };
  const pathsOf = (more: object): string[] => {
    const parsed = minerSchema.safeParse({ ...base, ...more });
    return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'));
  };

  it('has one source of models', () => {
    expect(pathsOf({ model })).toEqual([]);
    expect(pathsOf({ modelRepository: './models' })).toEqual([]);
    expect(pathsOf({})).toEqual(['model']);
    expect(pathsOf({ model, modelRepository: './models' })).toEqual(['modelRepository']);
    expect(pathsOf({ model, models: { a: {} } })).toEqual(['models']);
  });

  it('gives each name once', () => {
    const models = { a: { aliases: ['x', 'b'] }, b: { aliases: ['x'] } };
    expect(pathsOf({ modelRepository: '.', models })).toEqual([
      'models.a.aliases.1',
      'models.b.aliases.0',
    ]);
  });
});
