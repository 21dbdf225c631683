import { afterEach, describe, expect, it } from 'vitest';
import { minerSchema } from '../../../common/config/miner-schema.ts';
import { createOipServer } from '../../fakes/oip-server.ts';
import type { OipServer } from '../../fakes/oip-server.ts';
import { serveOip } from '../../fakes/oip-http.ts';
import type { OipHttp } from '../../fakes/oip-http.ts';
import { errorOf, infer, startRig } from '../rig.ts';
import type { Answer, MinerRig } from '../rig.ts';

const sha256 = 'ab'.repeat(32);

function body(values: readonly number[]): Uint8Array {
  const input = { name: 'x', datatype: 'FP32', shape: [values.length / 4, 4], data: values };
  return new TextEncoder().encode(JSON.stringify({ inputs: [input] }));
}

describe('a miner whose model computes on other servers', () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  async function start(
    servers: readonly OipServer[],
  ): Promise<{ rig: MinerRig; places: readonly OipHttp[] }> {
    const places = await Promise.all(servers.map((server) => serveOip(server)));
    for (const place of places) closers.push(() => place.close());
    const backend = {
      kind: 'open-inference',
      urls: places.map(({ url }) => url),
      model: 'times',
      sha256,
      healthIntervalMs: 50,
      timeoutMs: 20_000,
    };
    const rig = await startRig({ model: undefined, backend, queue: { maxWaitMs: 60_000 } });
    closers.push(() => rig.miner.stop());
    return { rig, places };
  }

  const ask = (rig: MinerRig, values: readonly number[]): Promise<Answer> =>
    infer(rig.port, { body: body(values) });

  it('answers signed requests with receipts that name the pinned model', async () => {
    const { rig } = await start([createOipServer({ sha256 })]);
    const answer = await ask(rig, [1, 2, 3, 4]);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      model_name: 'digits',
      outputs: [{ name: 'y', data: [2, 4, 6, 8] }],
    });
    expect(JSON.stringify(answer.headers)).toContain(sha256);
    expect(await rig.metrics()).toContain('result="answer"} ');
  });

  it('goes on with one upstream, and is not ready without any', async () => {
    const { rig, places } = await start([createOipServer(), createOipServer()]);
    await places[0]?.close();
    for (let at = 0; at < 8; at += 1) expect((await ask(rig, [at, 0, 0, 0])).status).toBe(200);
    await places[1]?.close();
    const answer = await ask(rig, [1, 2, 3, 4]);
    expect(answer.status).toBe(503);
    expect(errorOf(answer)).toMatch(/^(the model cannot be reached now|no upstream answers)$/);
    expect(answer.headers['retry-after']).toBeDefined();
  });

  it('is not configured with tries that outlive their request', () => {
    const backend = { kind: 'open-inference', urls: ['http://a:1'], model: 'm', sha256 };
    const parse = (timeoutMs: number) =>
      minerSchema.safeParse({
        netuid: 1,
        chain: { endpoints: ['ws://127.0.0.1:1'] },
        task: 'digits',
        backend: { ...backend, timeoutMs },
        queue: { maxWaitMs: 5000 },
      });
    expect(parse(4999).success).toBe(true);
    expect(parse(5000).error?.issues).toMatchObject([{ path: ['backend', 'timeoutMs'] }]);
  });

  it('does not start with another model', async () => {
    await expect(start([createOipServer({ sha256: 'cd'.repeat(32) })])).rejects.toMatchObject({
      code: 'UPSTREAM_MODEL',
    });
  });
});
