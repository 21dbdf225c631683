import { rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../../common/tensor.ts';
import {
  decodeInferResponse,
  encodeInferRequest,
} from '../../../common/wire/inference-protocol.ts';
import { defaultInferLimits, isProtocolError } from '../../../common/wire/inference-types.ts';
import { digitsRoutes } from '../../interop/classic-routes.ts';
import { classicMessage } from '../entrance/classic-caller.ts';
import {
  call,
  errorOf,
  imageBody,
  infer,
  lowly,
  modelFile,
  signedHeaders,
  startRig,
  validator,
} from '../rig.ts';
import type { MinerRig } from '../rig.ts';
import { addDigits, emptyRepository, imageSteps } from './repository-folder.ts';

let rig: MinerRig;
let root: string;

beforeAll(async () => {
  root = emptyRepository();
  addDigits(root, 'digits/1', { file: 'weaker' });
  addDigits(root, 'digits/2');
  addDigits(root, 'digits/3', { file: 'undertrained' });
  addDigits(root, 'pictures/1', imageSteps);
  const models = {
    digits: { versions: ['1', '2'], aliases: ['numbers'] },
    pictures: {},
  };
  rig = await startRig(
    {
      model: undefined,
      modelRepository: root,
      models,
      server: { statistics: true },
      admission: unhurried,
    },
    { modelRepository: root },
  );
});

afterAll(async () => {
  await rig.miner.stop();
  rmSync(root, { recursive: true });
});

// One caller asks for as long as models change: as often as the machine allows.
const unhurried = { ratePerSecond: 1e9, burst: 1e9 };

const values = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 64 }, (_, at) => (at * seed * 7 + seed) % 17);

function pixelsOf(images: readonly Uint8Array[]): Tensor {
  const data = Float32Array.from(
    images.flatMap((image) => [...image]),
    (value) => value / 16,
  );
  return { name: 'image', datatype: 'FP32', shape: [images.length, 1, 8, 8], data };
}

async function png(image: Uint8Array): Promise<Uint8Array> {
  const raw = { width: 8, height: 8, channels: 1 as const };
  return sharp(image, { raw }).toColourspace('b-w').png().toBuffer();
}

function filesOf(files: readonly Uint8Array[]): Tensor {
  return { name: 'picture', datatype: 'BYTES', shape: [files.length], data: files };
}

async function ask(model: string, input: Tensor, signer = validator) {
  const request = { inputs: [input], outputs: [], binaryOutput: true, parameters: {} };
  const message = encodeInferRequest(request, { binary: true });
  if (isProtocolError(message)) throw new Error(message.error);
  const { body, headers } = message;
  return infer(rig.port, { path: `/v2/models/${model}/infer`, body, headers, signer });
}

async function outputs(model: string, input: Tensor): Promise<Record<string, Tensor>> {
  const answer = await ask(model, input);
  if (answer.status !== 200) throw new Error(errorOf(answer));
  const decoded = decodeInferResponse(answer.body, answer.headers, defaultInferLimits);
  if (isProtocolError(decoded)) throw new Error(decoded.error);
  return Object.fromEntries(decoded.outputs.map((output) => [output.name, output]));
}

describe('versions side by side', () => {
  it('answer by number, the newest by name, and by the names that were given', async () => {
    const input = pixelsOf([values(3)]);
    const one = await outputs('digits/versions/1', input);
    const two = await outputs('digits/versions/2', input);
    expect(one).not.toEqual(two);
    expect(await outputs('digits', input)).toEqual(two);
    expect(await outputs('numbers', input)).toEqual(two);
    expect((await ask('digits/versions/3', input)).status).toBe(404);
  });

  it('are spoken of as they were asked for, in answers and receipts', async () => {
    const answer = await ask('numbers', pixelsOf([values(3)]));
    const decoded = decodeInferResponse(answer.body, answer.headers, defaultInferLimits);
    expect(decoded).toMatchObject({ modelName: 'numbers', modelVersion: '2' });
    expect(answer.headers['x-subnet-receipt']?.split(' ')[5]).toBe('numbers');
  });

  it('are named by hash in receipts and in the status', async () => {
    const answer = await ask('digits/versions/1', pixelsOf([values(1)]));
    expect(Object.values(answer.headers).join(' ')).toContain(modelFile('weaker').sha256);
    const { models, modelSha256 } = rig.miner.status();
    expect(models.map(({ name, version }) => `${name}/${version}`)).toEqual([
      'digits/2',
      'digits/1',
      'pictures/1',
    ]);
    expect(modelSha256).toBe(modelFile('best').sha256);
    expect(await rig.metrics()).toContain('miner_model_info{model="digits",version="1"');
  });
});

describe('statistics', () => {
  it('count what each version answered, for anyone where the operator says so', async () => {
    await ask('digits/versions/1', pixelsOf([values(1), values(2)]));
    const stats = await call(rig.port, { path: '/v2/models/digits/versions/1/stats' });
    const { model_stats: all } = JSON.parse(stats.body.toString()) as {
      model_stats: { name: string; version: string; inference_count: number }[];
    };
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ name: 'digits', version: '1' });
    expect(all[0]?.inference_count).toBeGreaterThanOrEqual(2);
    expect((await call(rig.port, { path: '/v2/models/stats' })).status).toBe(200);
    expect((await call(rig.port, { path: '/v2/models/none/stats' })).status).toBe(404);
    const server = await call(rig.port, { path: '/v2' });
    expect(server.body.toString()).toContain('statistics');
  });

  it('are not told to strangers otherwise', async () => {
    const plain = await startRig();
    try {
      expect((await call(plain.port, { path: '/v2/models/digits/stats' })).status).toBe(404);
      expect((await call(plain.port, { path: '/v2' })).body.toString()).not.toContain('statistics');
    } finally {
      await plain.miner.stop();
    }
  });
});

describe('encoded images', () => {
  it('are answered as their pixels are, with the names of the likeliest', async () => {
    const images = [values(1), values(2), values(5)];
    const files = await Promise.all(images.map(png));
    const got = await outputs('pictures', filesOf(files));
    const { probabilities } = await outputs('digits', pixelsOf(images));
    expect(Object.keys(got)).toEqual(['classes', 'scores', 'probabilities']);
    const [seen, wanted] = [got['probabilities'], probabilities].map((one) => [
      ...((one?.data ?? []) as Float32Array),
    ]);
    expect(seen).toHaveLength(30);
    seen?.forEach((value, at) => expect(value).toBeCloseTo(wanted?.[at] ?? NaN, 5));
    const names = ((got['classes']?.data ?? []) as readonly Uint8Array[]).map((one) =>
      Buffer.from(one).toString(),
    );
    expect(got['classes']?.shape).toEqual([3, 2]);
    const digits = 'zero one two three four five six seven eight nine'.split(' ');
    const best = [0, 10, 20].map((at) => {
      const row = wanted?.slice(at, at + 10) ?? [];
      return digits[row.indexOf(Math.max(...row))];
    });
    expect([names[0], names[2], names[4]]).toEqual(best);
  });

  it('are refused with a reason when they are none, too many or of another size', async () => {
    const good = await png(values(1));
    const large = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const refusals = [
      [filesOf([good, new Uint8Array(20)]), 'picture 1 is no png file'],
      [filesOf([good.subarray(0, 60)]), 'picture 0 cannot be decoded'],
      [filesOf([large]), 'picture 0 has 9 x 9 pixels; 8 x 8 are asked for'],
      [filesOf(Array.from({ length: 9 }, () => good)), 'picture holds 9 items; at most 8'],
      [filesOf([]), 'picture'],
      [pixelsOf([values(1)]), 'image'],
    ] as const;
    for (const [input, text] of refusals) {
      const answer = await ask('pictures', input);
      expect([answer.status, errorOf(answer)]).toEqual([400, expect.stringContaining(text)]);
    }
    expect((await outputs('pictures', filesOf([good])))['classes']?.shape).toEqual([1, 2]);
  });

  it('stand in the metadata as what callers send and get', async () => {
    const metadata = JSON.parse(
      (await call(rig.port, { path: '/v2/models/pictures' })).body.toString(),
    ) as unknown;
    expect(metadata).toMatchObject({
      name: 'pictures',
      inputs: [{ name: 'picture', datatype: 'BYTES', shape: [-1] }],
      outputs: [
        { name: 'classes', datatype: 'BYTES', shape: [-1, 2] },
        { name: 'scores', datatype: 'FP32', shape: [-1, 2] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 10] },
      ],
    });
  });
});

/** Resolves once the miner has read the head of a request, and waits for its body. */
async function askSlowly(path: string): Promise<{ send(): Promise<number | undefined> }> {
  const body = imageBody();
  const headers = {
    ...signedHeaders(body, { path }),
    'content-length': body.length,
    expect: '100-continue',
  };
  const request = httpRequest({ host: '127.0.0.1', port: rig.port, method: 'POST', path, headers });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
  });
  await new Promise<void>((resolve) => {
    request.once('continue', resolve);
    request.flushHeaders();
  });
  return {
    send: () => {
      request.end(body);
      return answered;
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('while it serves', () => {
  it('loads and unloads versions, without an answer that fails', async () => {
    const { models } = rig.miner;
    const input = pixelsOf([values(4)]);
    const asked = new AbortController();
    const statuses = new Set<number>();
    const asking = (async () => {
      while (!asked.signal.aborted) statuses.add((await ask('digits', input)).status);
    })();
    await models.load('digits', '3');
    expect(rig.miner.status().modelSha256).toBe(modelFile('undertrained').sha256);
    await models.load('digits', '2');
    await models.unload('digits', '3');
    asked.abort();
    await asking;
    expect([...statuses]).toEqual([200]);
    expect(rig.miner.status().modelSha256).toBe(modelFile('best').sha256);
    expect(models.index()).toMatchObject([
      { name: 'digits', version: '3', state: 'UNAVAILABLE', reason: 'unloaded' },
      { name: 'digits', version: '2', state: 'READY' },
      { name: 'digits', version: '1', state: 'READY' },
      { name: 'pictures', version: '1', state: 'READY' },
    ]);
  });

  it('keeps a version that was replaced for who found it and is slow to send its body', async () => {
    const { models } = rig.miner;
    const pid = (): number =>
      rig.miner.status().models.find(({ version }) => version === '1')?.pid ?? 0;
    const old = pid();
    const asking = await askSlowly('/v2/models/digits/versions/1/infer');
    await models.load('digits', '1');
    expect(pid()).not.toBe(old);
    expect((await ask('digits/versions/1', pixelsOf([values(1)]))).status).toBe(200);
    expect(isRunning(old)).toBe(true);
    expect(await asking.send()).toBe(200);
    while (isRunning(old)) await delay(5);
  });

  it('counts what each version did', async () => {
    const { models } = rig.miner;
    const before = models.statistics('digits', '1')[0];
    await outputs('digits/versions/1', pixelsOf([values(1), values(2)]));
    await ask('pictures', filesOf([new Uint8Array(3)]));
    const [after] = models.statistics('digits', '1');
    expect(after?.inferenceCount).toBe((before?.inferenceCount ?? 0) + 2);
    expect(after?.success.count).toBe((before?.success.count ?? 0) + 1);
    expect(after?.computeInfer.ns).toBeGreaterThan(before?.computeInfer.ns ?? 0);
    expect(after?.batches.map(({ batchSize }) => batchSize)).toContain(2);
    expect(models.statistics('pictures', null)[0]?.fail.count).toBeGreaterThan(0);
  });

  it('gives a canary its share of the callers', async () => {
    const { models } = rig.miner;
    const input = pixelsOf([values(6)]);
    await models.setCanary('digits', { version: '1', share: 1 });
    const tried = await ask('digits', input);
    expect(Object.values(tried.headers).join(' ')).toContain(modelFile('weaker').sha256);
    await models.setCanary('digits', null);
    const back = await ask('digits', input);
    expect(Object.values(back.headers).join(' ')).toContain(modelFile('best').sha256);
    expect((await ask('digits', input, lowly)).status).toBe(403);
  });
});

it('a synapse that the loaded version does not fit is a 503 until one is loaded that it fits', async () => {
  const stored = emptyRepository();
  addDigits(stored, 'digits/1');
  addDigits(stored, 'digits/2', {
    more: `post: [{ step: top-k, input: probabilities, k: 2 }]
outputs: [classes, scores]
`,
  });
  const own = await startRig(
    {
      model: undefined,
      modelRepository: stored,
      models: { digits: { versions: ['1'] } },
      entrances: { classic: { routes: digitsRoutes } },
    },
    { modelRepository: stored },
  );
  const asked = async (): Promise<{ status: number; text: string }> => {
    const message = classicMessage();
    const answer = await call(own.port, { method: 'POST', path: '/Digits', ...message });
    return { status: answer.status, text: answer.body.toString() };
  };
  try {
    expect((await asked()).status).toBe(200);
    await own.miner.models.load('digits', '2');
    expect(await asked()).toEqual({
      status: 503,
      text: expect.stringContaining('does not fit this synapse') as string,
    });
    await own.miner.models.unload('digits', '2');
    expect((await asked()).status).toBe(200);
  } finally {
    await own.miner.stop();
    rmSync(stored, { recursive: true });
  }
});
