import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SubnetError } from '../../../common/errors.ts';
import { createHttpClient } from '../../../common/node/http-undici.ts';
import { readAuthorities } from '../../../miner/upstream/read-authorities.ts';
import { certificates, localhost } from '../../common/tls-certificates.ts';
import { serveOip } from '../../fakes/oip-http.ts';
import { createOipServer } from '../../fakes/oip-server.ts';
import { infer, startRig } from '../rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'authorities-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const sha256 = 'ab'.repeat(32);

describe('an upstream behind https', () => {
  it('is asked when the authority that the YAML names vouches for it', async () => {
    const place = await serveOip(createOipServer({ sha256 }), localhost);
    const ca = fileOf('localhost.pem', localhost.cert);
    const backend = {
      kind: 'open-inference',
      urls: [place.url],
      model: 'times',
      sha256,
      ca,
      timeoutMs: 20_000,
    };
    const rig = await startRig({ model: undefined, backend, queue: { maxWaitMs: 60_000 } });
    const input = { name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] };
    const body = new TextEncoder().encode(JSON.stringify({ inputs: [input] }));
    const answer = await infer(rig.port, { body });
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      outputs: [{ name: 'y', data: [2, 4, 6, 8] }],
    });
    await rig.miner.stop();
    await place.close();
  });

  it.each([
    ['nobody vouches for it', undefined, localhost, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['another authority does', certificates.p256.cert, localhost, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [
      'it is for another host',
      certificates.p256.cert,
      certificates.p256,
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
  ])('is told no request where %s', async (_, ca, identity, detail) => {
    const oip = createOipServer();
    const place = await serveOip(oip, identity);
    const http = createHttpClient({ operatorHosts: true, ca });
    const url = `${place.url}/v2/health/ready`;
    const reply = await http.request({
      method: 'GET',
      url,
      headers: { authorization: 'Bearer secret' },
      timeoutMs: 5000,
      maxBodyBytes: 1000,
    });
    expect(reply).toMatchObject({ kind: 'fault', reason: 'wrong-key', detail });
    await http.close();
    await place.close();
  });

  it('is not looked for with a file that holds no certificate', () => {
    for (const file of [join(folder, 'none.pem'), fileOf('text.pem', 'no certificate')]) {
      let error: SubnetError | null = null;
      try {
        readAuthorities(file);
      } catch (cause) {
        error = cause as SubnetError;
      }
      expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
      expect(error?.message).toContain(file);
    }
  });
});
