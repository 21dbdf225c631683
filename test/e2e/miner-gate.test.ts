import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseReceipt } from '../../common/wire/receipt.ts';
import { signRequest } from '../../common/wire/btauth.ts';
import type { Signer } from '../../common/signer-port.ts';
import {
  axonHost,
  metricOf,
  minerStatus,
  netuid,
  platform,
  runArgs,
  startSubnet,
  until,
} from './harness.ts';
import type { NodeFile, TestSubnet } from './harness.ts';

const path = '/v2/models/digits/infer';
const oneSecondNs = 1_000_000_000n;
const hugeBytes = 50 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Headers = Readonly<Record<string, string>>;

/** One picture; `shade` makes bodies differ. */
function picture(shade: number): Uint8Array {
  const data = Array.from({ length: 64 }, (_, at) => ((at * shade) % 16) / 16);
  const input = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data };
  return new TextEncoder().encode(JSON.stringify({ inputs: [input] }));
}

describe('a miner on the real chain, asked over real HTTP', () => {
  let subnet: TestSubnet;
  let miner: NodeFile;
  let port = 0;

  beforeAll(async () => {
    subnet = await startSubnet({ validators: ['alpha'], miners: ['best', 'lowly'] });
    miner = await subnet.minerFile('best');
    subnet.run('best', runArgs('miner', miner));
    port = await until('a miner that serves', async () => {
      const status = await minerStatus(miner);
      return status?.axonServed === true ? status.address.port : undefined;
    });
    const snapshot = await until('a permit', async () => {
      const found = await subnet.chain.snapshot(netuid);
      const own = found.neurons.find(({ hotkey }) => hotkey === subnet.key('alpha').ss58);
      return own?.validatorPermit === true ? found : undefined;
    });
    await until('a miner that knows of it', async () => {
      return ((await minerStatus(miner))?.metagraphBlock ?? 0) >= snapshot.block.number;
    });
    // Requests signed around its start are refused: they could be replays from before it.
    await until('a miner past its first seconds', async () => {
      const body = picture(1);
      return (await ask(body, sign(body, subnet.key('alpha')))).status === 200;
    });
  });
  afterAll(() => subnet.dispose());

  function sign(body: Uint8Array, signer: Signer, aheadNs = 0n): Headers {
    return signRequest({
      method: 'POST',
      pathWithQuery: path,
      bodySha256: platform.sha256(body),
      signer,
      nonceNs: platform.clock.nowNs() + aheadNs,
      receiver: subnet.key('best').ss58,
    });
  }

  async function ask(body: Uint8Array, headers: Headers): Promise<Answer> {
    const url = `http://${axonHost}:${port}${path}`;
    const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
    const text = await answer.text();
    return { status: answer.status, text, headers: Object.fromEntries(answer.headers) };
  }

  /** Writes until all is written, or an answer comes before that; gives both. */
  function upload(headers: Headers): Promise<{ status: number; text: string; sent: number }> {
    const chunk = Buffer.alloc(256 * 1024, 0x20);
    let sent = 0;
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: axonHost, port, path, method: 'POST', headers });
      const more = (): void => {
        while (sent < hugeBytes && !request.destroyed) {
          sent += chunk.length;
          if (!request.write(chunk)) return void request.once('drain', more);
        }
        request.end();
      };
      let answered = false;
      request.on('error', (error) => (answered ? undefined : reject(error)));
      request.on('response', (response: IncomingMessage) => {
        answered = true;
        let text = '';
        response.on('data', (data: Buffer) => (text += data.toString()));
        response.on('end', () => {
          request.destroy();
          resolve({ status: response.statusCode ?? 0, text, sent });
        });
      });
      more();
    });
  }

  it('answers a validator, with a receipt, and its very same request never again', async () => {
    const body = picture(3);
    const headers = sign(body, subnet.key('alpha'));
    const first = await ask(body, headers);
    expect(first.status).toBe(200);
    expect(parseReceipt(first.headers)).toMatchObject({ kind: 'receipt', status: 200 });
    for (let again = 0; again < 3; again += 1) {
      const replayed = await ask(body, headers);
      expect(replayed.status).toBe(401);
      expect(replayed.text).toContain('has used this nonce before');
    }
  });

  it('refuses a replay under another body', async () => {
    const body = picture(5);
    const headers = sign(body, subnet.key('alpha'));
    expect((await ask(picture(7), headers)).status).toBe(401);
    expect((await ask(body, headers)).status).toBe(200);
  });

  it.each([
    ['behind', -30n],
    ['ahead of', 30n],
  ])('refuses a clock 30 s %s its own, and names the difference', async (side, seconds) => {
    const body = picture(9);
    const headers = sign(body, subnet.key('alpha'), seconds * oneSecondNs);
    const { status, text } = await ask(body, headers);
    expect(status).toBe(401);
    expect(text).toMatch(/clock differs by (29|30)(\.\d+)? s/);
    expect(text).toContain(side);
  });

  it('refuses a stranger, and a neuron without a permit', async () => {
    const body = picture(11);
    const stranger = await ask(body, sign(body, subnet.key('Nobody')));
    expect(stranger).toMatchObject({ status: 401 });
    expect(stranger.text).toContain('not registered');
    const lowly = await ask(body, sign(body, subnet.key('lowly')));
    expect(lowly).toMatchObject({ status: 403 });
    expect(lowly.text).toContain('no validator permit');
  });

  it('refuses 50 MB by the head of the request, and in mid-body when it is not said', async () => {
    const headers = sign(new Uint8Array(), subnet.key('alpha'));
    const declared = await upload({ ...headers, 'content-length': String(hugeBytes) });
    expect(declared).toMatchObject({ status: 413 });
    expect(declared.sent).toBeLessThan(hugeBytes);
    const fresh = sign(new Uint8Array(), subnet.key('alpha'));
    const unsaid = await upload({ ...fresh, 'transfer-encoding': 'chunked' });
    expect(unsaid).toMatchObject({ status: 413 });
    expect(unsaid.text).toContain('16777216 bytes');
    expect(unsaid.sent).toBeLessThan(hugeBytes);
  });

  it('still serves after all of this, and has counted it', async () => {
    const body = picture(13);
    expect((await ask(body, sign(body, subnet.key('alpha')))).status).toBe(200);
    const replays = 'miner_requests_total{status="401",reason="ReplayedRequest"}';
    expect(await metricOf(miner, replays)).toBe(3);
  });
});
