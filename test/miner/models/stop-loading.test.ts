import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, expect, it } from 'vitest';
import { createLogger } from '../../../common/node/log.ts';
import { nodeArguments } from '../../../common/node/package-root.ts';
import { startOnnxEngine } from '../../../miner/engine/engine-onnx.ts';
import type { OnnxEngineOptions } from '../../../miner/engine/engine-onnx.ts';
import { cpuLoad } from '../../fakes/cpu-load.ts';
import { onnxModel } from '../../fakes/onnx-model.ts';
import { modelFile, startRig } from '../rig.ts';
import { embedding } from '../tiny-models.ts';
import { smallTokenizer } from './small-tokenizer.ts';

/**
 * A model that loads without an end: a pipe in place of its file. Whether a process still reads
 * from a pipe can be asked of the operating system: nobody can open one to write that has no reader.
 */
const folder = mkdtempSync(join(tmpdir(), 'slow-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

function pipe(name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}

/** Opened to write; null when nobody reads. */
function opened(path: string): number | null {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}

/** Resolves once a process reads from it, which then waits for what never comes. */
async function isRead(path: string): Promise<() => void> {
  for (;;) {
    const file = opened(path);
    if (file !== null) return () => closeSync(file);
    await delay(5);
  }
}

function hasReader(path: string): boolean {
  const file = opened(path);
  if (file !== null) closeSync(file);
  return file !== null;
}

function engineOptions(modelPath: string, more: Partial<OnnxEngineOptions> = {}) {
  const load = cpuLoad({ modelPath, sha256: modelFile('best').sha256 });
  return { load, runTimeoutMs: 10_000, log: createLogger({ level: 'silent' }), ...more };
}

it('a model process that loads is killed when nobody wants it any more', async () => {
  const path = pipe('never.onnx');
  const stopping = new AbortController();
  const starting = startOnnxEngine(
    engineOptions(path, { instances: 2, signal: stopping.signal }),
  ).then(
    () => 'started',
    (error: unknown) => error,
  );
  const letGo = await isRead(path);
  const reason = new Error('not wanted');
  stopping.abort(reason);
  expect(await starting).toBe(reason);
  letGo();
  expect(hasReader(path)).toBe(false);
}, 30_000);

it('so is one that takes the place of another', async () => {
  const path = join(folder, 'replaced.onnx');
  await copyFile(modelFile('best').path, path);
  const replaced: string[] = [];
  const engine = await startOnnxEngine(
    engineOptions(path, { onReplaced: () => void replaced.push('once') }),
  );
  process.kill(engine.pid() ?? 0, 'SIGKILL');
  while (replaced.length === 0) await delay(5);
  renameSync(pipe('other.onnx'), path);
  process.kill(engine.pid() ?? 0, 'SIGKILL');
  const letGo = await isRead(path);
  await engine.close();
  letGo();
  expect(hasReader(path)).toBe(false);
  expect(replaced).toHaveLength(1);
}, 30_000);

/** A repository of one model, which takes texts. */
function textRepository(): string {
  const root = join(folder, 'repository');
  const version = join(root, 'texts', '1');
  mkdirSync(version, { recursive: true });
  const write = (file: string, content: string | Uint8Array) => {
    writeFileSync(join(version, file), content);
    return { file, sha256: createHash('sha256').update(content).digest('hex') };
  };
  const model = write('model.onnx', onnxModel(embedding));
  const tokenizer = write('tokenizer.json', smallTokenizer);
  const manifest = {
    kind: 'text-embedding',
    model,
    licence: 'Apache-2.0',
    source: 'made for this test',
    datasets: [],
    contributors: [],
    pre: [{ step: 'tokenize', tokenizer, maxLength: 8, ids: 'ids', mask: 'mask' }],
  };
  write('manifest.yaml', JSON.stringify(manifest));
  return root;
}

it('a tokenizer that starts is not waited for when nobody wants its model any more', async () => {
  const modelRepository = textRepository();
  const stopping = new AbortController();
  const threads: Worker[] = [];
  let answered = false;
  process.once('worker', (thread) => {
    threads.push(thread);
    thread.once('message', () => (answered = true));
    stopping.abort(new Error('not wanted'));
  });
  const config = { model: undefined, modelRepository, task: 'texts', models: { texts: {} } };
  await expect(startRig(config, { modelRepository }, stopping.signal)).rejects.toMatchObject({
    code: 'MINER_STOPPING',
  });
  expect([threads.map(({ threadId }) => threadId), answered]).toEqual([[-1], false]);
}, 30_000);

it('a start that waits for servers elsewhere ends when nobody wants it any more', async () => {
  const stopping = new AbortController();
  // Takes connections and says nothing.
  const server = createServer(() => stopping.abort(new Error('not wanted')));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const backend = {
    kind: 'open-inference',
    urls: [`http://127.0.0.1:${port}`],
    model: 'digits',
    sha256: 'ab'.repeat(32),
    startPatienceMs: 600_000,
    timeoutMs: 590_000,
  };
  const overrides = { model: undefined, backend, queue: { maxWaitMs: 600_000 } };
  await expect(startRig(overrides, {}, stopping.signal)).rejects.toMatchObject({
    code: 'MINER_STOPPING',
  });
  await new Promise((resolve) => server.close(resolve));
}, 30_000);

it('a miner that is told to stop while its model loads ends, and leaves no process', async () => {
  const path = pipe('miner.onnx');
  const args = [...nodeArguments('test/miner/models/slow-start-main.ts'), path];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  const ended = new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  );
  // The miner itself looks at the file first, and finds it right.
  await writeFile(path, readFileSync(modelFile('best').path));
  while (holds(child.pid ?? 0, path)) await delay(5);
  const letGo = await isRead(path);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(Buffer.concat(said).toString()).toContain('The miner stops');
  letGo();
  expect(hasReader(path)).toBe(false);
}, 60_000);

function holds(pid: number, path: string): boolean {
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === path;
    } catch {
      return false;
    }
  });
}
