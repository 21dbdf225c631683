import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LosslessJson } from '../../common/wire/json-lossless.ts';
import { packagePath } from '../../common/node/package-root.ts';
import { createExecutor } from '../../chain/executor.ts';
import { readCases, replayCases, type CaseResult } from '../../chain/yuma/yuma-replay.ts';

const file = packagePath('test/vectors/yuma-cases.json');
const executor = createExecutor();
let wasm: Uint8Array;
let cases: readonly LosslessJson[];

beforeAll(async () => {
  wasm = await readFile(packagePath('chain/artefact/subnet-runtime.wasm'));
  cases = readCases(await readFile(file, 'utf8'), file);
});

afterAll(() => executor.close());

async function replay(json: readonly LosslessJson[]): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for await (const result of replayCases(executor, wasm, json)) results.push(result);
  return results;
}

type Changeable = { [key: string]: LosslessJson };

function changed(id: string, change: (json: string) => string): LosslessJson {
  const found = cases.find((json) => (json as Changeable)['id'] === id);
  return JSON.parse(change(JSON.stringify(found))) as LosslessJson;
}

describe('replaying cases on the built runtime', () => {
  it('agrees with every reference case', async () => {
    const results = await replay(cases);
    expect(results).toHaveLength(26);
    expect(results.filter(({ problem }) => problem !== undefined)).toEqual([]);
  });

  it('agrees with what the tests of the chain itself demand', async () => {
    const more = packagePath('test/vectors/yuma-more-cases.json');
    const results = await replay(readCases(await readFile(more, 'utf8'), more));
    expect(results).toHaveLength(12);
    expect(results.filter(({ problem }) => problem !== undefined)).toEqual([]);
  });

  it('names the first difference', async () => {
    const wrong = changed('derived_kappa_clip_minority', (text) =>
      text.replace('421881035', '421881036'),
    );
    const [result] = await replay([wrong]);
    expect(result?.id).toBe('derived_kappa_clip_minority');
    expect(result?.problem).toMatch(
      /^steps\[\d\]\.model\.\w+\[2\]: expected 421881036, got 421881035$/,
    );
  });

  it('reports what it does not know as a failure of that case only', async () => {
    const unknown = changed('topk', (text) => text.replace('"topk"', '"bottomk"'));
    const good = changed('topk', (text) => text);
    const results = await replay([unknown, 5, good]);
    expect(results.map(({ id }) => id)).toEqual(['bottomk', 'case 1', 'topk']);
    expect(results.map(({ problem }) => problem !== undefined)).toEqual([true, true, false]);
  });

  it('does not pass a case that expects nothing', async () => {
    const empty = changed('single_self_weight', (text) =>
      text.replaceAll('"model"', '"note"').replaceAll('"asserted"', '"comment"'),
    );
    const [result] = await replay([empty]);
    expect(result?.problem).toContain('no epoch has anything to compare with');
  });

  it.each(['{', '[]', '{"cases":[]}', '{"cases":3}', '['.repeat(100_000)])(
    'refuses a file without cases: %.20s',
    (text) => {
      const refusal = expect.objectContaining({ code: 'YUMA_FILE_INVALID' }) as Error;
      expect(() => readCases(text, 'some.json')).toThrow(refusal);
    },
  );

  it('survives any change to a case', async () => {
    const scalar = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(-1, 1e300, 65_536));
    const mutation = fc.tuple(fc.nat(), fc.nat(), scalar);
    await fc.assert(
      fc.asyncProperty(mutation, async ([pick, place, value]) => {
        const json = structuredClone(cases[pick % cases.length] ?? null);
        replaceSomewhere(json, place, value as LosslessJson);
        const [result] = await replay([json]);
        expect(result?.problem ?? '').not.toContain('\n');
      }),
      { seed: 11, numRuns: 25 },
    );
  });
});

/** Puts `value` in the place of the `nth` entry that is met on the way down. */
function replaceSomewhere(json: LosslessJson, nth: number, value: LosslessJson): void {
  const slots: (() => void)[] = [];
  collectSlots(json, value, slots);
  slots[nth % slots.length]?.();
}

function collectSlots(json: LosslessJson, value: LosslessJson, slots: (() => void)[]): void {
  if (typeof json !== 'object' || json === null) return;
  const target = json as Changeable;
  for (const key of Object.keys(target)) {
    slots.push(() => (target[key] = value));
    collectSlots(target[key] ?? null, value, slots);
  }
}

const run = promisify(execFile);

async function command(...args: string[]) {
  const script = packagePath('scripts/yuma.ts');
  try {
    const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', script, ...args]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe('npm run yuma', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'yuma-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function written(text: string): Promise<string> {
    const path = join(folder, 'cases.json');
    await writeFile(path, text);
    return path;
  }

  it('prints a line per case and fails when one fails', async () => {
    const topk = JSON.stringify(changed('topk', (text) => text));
    const path = await written(`{"cases":[${topk},{"id":"mine","kind":"math"}]}`);
    const { code, stdout } = await command(path);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'ok topk',
      'FAIL mine: rows: expected a value, got nothing',
      '1 passed, 1 failed',
    ]);
    expect(code).toBe(1);
  });

  it('refuses a broken file with one clear line', async () => {
    const { code, stdout, stderr } = await command(await written('{'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('refuses a missing file', async () => {
    expect((await command(join(folder, 'absent.json'))).code).toBe(2);
  });
});
