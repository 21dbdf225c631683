import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { terminalPrompter } from '../../../cli/prompt.ts';
import { tuneCommand } from '../../../cli/miner/tune.ts';
import { loadConfig } from '../../../common/config/config-load.ts';
import { minerSchema } from '../../../common/config/miner-schema.ts';
import { measuredOf } from '../../../miner/tune/setting.ts';
import type { Sample } from '../../../miner/tune/setting.ts';
import { fakePrompter } from '../../fakes/fake-prompter.ts';
import { modelFile } from '../../miner/rig.ts';
import { chosenOf, tuneLines } from '../../../cli/miner/tune-report.ts';
import { runCommand, seenIo } from './command-io.ts';
import type { SeenIo } from './command-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'tune-'));
const config = join(folder, 'miner.yaml');
const model = modelFile('best');

const yaml = [
  '# My miner.',
  'netuid: 2',
  "chain: { endpoints: ['ws://127.0.0.1:9944'] }",
  'task: digits',
  '',
  `model: { path: '${model.path}', sha256: '${model.sha256}' }`,
  '',
  'engine:',
  '  provider: cpu # no GPU here',
  '  threads: 1',
  '  # at most',
  '  maxBatch: 2',
  '',
].join('\n');

/** As short as it goes: what is measured is of no interest here. */
const brief = ['--config', config, '--seconds', '3', '--max-batch', '4', '--cores', '1'];

async function tune(io: SeenIo, answers: readonly boolean[], ...args: readonly string[]) {
  const prompter = fakePrompter(...answers);
  await runCommand(
    tuneCommand(io, () => prompter),
    ...brief,
    ...args,
  );
  return prompter;
}

beforeEach(() => {
  rmSync(config, { force: true });
  writeFileSync(config, yaml);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('tuning a real model', () => {
  it('measures settings, chooses one, shows it, and writes nothing unasked', async () => {
    const io = seenIo();
    const plot = join(folder, 'tune.svg');
    await tune(io, [], '--plot', plot);
    const text = io.lines.join('\n');
    expect(text).toMatch(/instances +threads +batch +items\/s +p50 ms +p99 ms +measured/);
    expect(text).toMatch(/ 1 +1 +2 +\d+ .*in the YAML now/);
    expect(text).toMatch(/Chosen: 1 x 1 thread, batch [124]: \d+ items\/s/);
    expect(text).toContain('Rule: the highest throughput');
    expect(io.errors.some((line) => /of 3 s: 1 x 1 thread, batch 2/.test(line))).toBe(true);
    expect(readFileSync(plot, 'utf8')).toMatch(/^<svg /);
    expect(readFileSync(config, 'utf8')).toBe(yaml);
  });

  it('writes what was chosen when that is confirmed, and keeps every comment', async () => {
    const io = seenIo();
    const { asked } = await tune(io, [true], '--write', '--json');
    const result = JSON.parse(io.lines.at(-1) ?? '') as Readonly<Record<string, unknown>>;
    expect(asked).toEqual([`Write this into ${config}?`]);
    expect(result).toMatchObject({ ok: true, written: true, provider: 'cpu', model: 'digits 1' });
    const after = readFileSync(config, 'utf8');
    const { engine } = loadConfig(config, minerSchema).value;
    expect(result['chosen']).toMatchObject({
      instances: engine.instances,
      threads: engine.threads,
      maxBatch: engine.maxBatch,
    });
    for (const comment of ['# My miner.', '# no GPU here', '# at most']) {
      expect(after).toContain(comment);
    }
    expect(after).toMatch(/^ {2}instances: 1$/m);
    expect(io.errors).toContain('+   instances: 1');
  });

  it('leaves the file alone when the answer is no', async () => {
    await expect(tune(seenIo(), [false], '--write')).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(readFileSync(config, 'utf8')).toBe(yaml);
  });

  it('says when nothing keeps the p99 that was asked for, and writes nothing', async () => {
    const tuned = tune(seenIo(), [true], '--write', '--target-p99-ms', '0.000001');
    await expect(tuned).rejects.toMatchObject({ code: 'TUNE_TARGET_MISSED' });
    expect(readFileSync(config, 'utf8')).toBe(yaml);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const tuned = tune(seenIo(stop.signal), []);
    stop.abort(new Error('SIGINT'));
    await expect(tuned).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('what is said of the figures', () => {
  const rates = (...all: readonly number[]) =>
    all.map((itemsPerSecond) => ({ itemsPerSecond, p50Ms: 1, p99Ms: 2 }));
  const said = (samples: readonly Sample[], maxBatch: number): string => {
    const setting = { instances: 1, threads: 1, maxBatch: 4 };
    const one = measuredOf(setting, samples);
    const result = {
      measured: [one],
      finalists: [one],
      failed: [],
      chosen: one,
      cutShort: false,
      current: setting,
    };
    const report = { model: 'm 1', provider: 'cpu', targetP99Ms: null, seconds: 3, maxBatch };
    return tuneLines({ ...report, result }, 80).join('\n');
  };

  it('is a warning when the machine was not still', () => {
    expect(said(rates(100, 101, 150), 8)).toContain('differed by 50 %');
    expect(said(rates(100, 101, 104), 8)).not.toContain('differed');
  });

  it('is a hint when the best is the largest that was tried', () => {
    expect(said(rates(100), 4)).toContain('raise --max-batch');
    expect(said(rates(100), 8)).not.toContain('raise --max-batch');
  });

  it('fits the terminal', () => {
    const lines = said(rates(100, 150), 4).split('\n');
    expect(lines.every((line) => line.length <= 80)).toBe(true);
  });
});

describe('what is told before minutes of measuring', () => {
  it('is that nobody can be asked whether to write', async () => {
    const io = seenIo();
    const pipe = { input: new PassThrough(), output: new PassThrough(), signal: io.signal };
    const command = tuneCommand(io, (flags) => terminalPrompter(pipe, flags));
    await expect(runCommand(command, ...brief, '--write', '--json')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--yes'),
    });
    expect(io.errors).toEqual([]);
  });

  it('is that this machine has fewer processors', async () => {
    const cores = availableParallelism();
    const tuned = tune(seenIo(), [], '--cores', String(cores + 1));
    await expect(tuned).rejects.toThrow(`must be a whole number from 1 to ${cores}`);
  });
});

describe('what cannot be tuned', () => {
  const changed = (from: string | RegExp, to: string): void =>
    writeFileSync(config, yaml.replace(from, to));

  it('is a model that is not there, or another one', async () => {
    changed(model.path, join(folder, 'absent.onnx'));
    await expect(tune(seenIo(), [])).rejects.toMatchObject({ code: 'MODEL_UNREADABLE' });
    changed(model.sha256, '0'.repeat(64));
    await expect(tune(seenIo(), [])).rejects.toMatchObject({ code: 'MODEL_HASH_MISMATCH' });
  });

  it('is a provider that this machine has not: it is never replaced in silence', async () => {
    changed('provider: cpu', 'provider: cuda');
    await expect(tune(seenIo(), [])).rejects.toMatchObject({ code: 'ENGINE_CUDA_MISSING' });
  });

  it('is a miner whose model computes elsewhere, or that is not named', async () => {
    await expect(tune(seenIo(), [], '--model', 'letters')).rejects.toThrow(
      /no such model; there are: digits 1/,
    );
  });

  it('is a model that fails every run', () => {
    const current = { instances: 1, threads: 1, maxBatch: 4 };
    const failed = [{ setting: current, detail: 'model: index out of range' }];
    const none = { measured: [], finalists: [], chosen: undefined, cutShort: false };
    const report = { model: 'm 1', provider: 'cpu', targetP99Ms: null, seconds: 3, maxBatch: 4 };
    const result = { ...none, failed, current };
    expect(() => chosenOf({ ...report, result })).toThrow(
      expect.objectContaining({
        code: 'TUNE_FAILED',
        message: expect.stringContaining('1 x 1 thread, batch 4: model: index out of range'),
      }),
    );
  });

  it('is a YAML that cannot be written or edited, told before or instead of writing', async () => {
    chmodSync(config, 0o444);
    await expect(tune(seenIo(), [true], '--write')).rejects.toMatchObject({
      code: 'CONFIG_UNWRITABLE',
    });
    rmSync(config);
    writeFileSync(
      config,
      yaml.replace('threads: 1', 'threads: &n 2').replace('Batch: 2', 'Batch: *n'),
    );
    await expect(tune(seenIo(), [true], '--write')).rejects.toMatchObject({
      code: 'CONFIG_UNEDITABLE',
      message: expect.stringContaining('engine.maxBatch 2'),
    });
    const section = /engine:\n(.*\n)+/;
    writeFileSync(config, yaml.replace(section, 'engine: { provider: &p cpu, require: *p }\n'));
    await tune(seenIo(), [true], '--write');
    expect(readFileSync(config, 'utf8')).toMatch(
      /require: \*p, instances: 1, threads: 1, maxBatch: \d+ }/,
    );
  });
});
