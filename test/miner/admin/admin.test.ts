import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askAdmin } from '../../../cli/miner/admin.ts';
import { minerSchema } from '../../../common/config/miner-schema.ts';
import { SubnetError } from '../../../common/errors.ts';
import type { Verifier } from '../../../common/signer-port.ts';
import { signRequest } from '../../../common/wire/btauth.ts';
import { startAdminServer } from '../../../miner/admin/admin-server.ts';
import { isLoopback, isLoopbackHost } from '../../../miner/admin/loopback.ts';
import type { AdminCommand } from '../../../miner/admin/admin-command.ts';
import { createLogger } from '../../../common/node/log.ts';
import {
  infer,
  lowly,
  minerKey,
  platform,
  sr25519,
  startRig,
  stranger,
  validator,
} from '../rig.ts';
import type { MinerRig, SignOptions } from '../rig.ts';

let rig: MinerRig;
let port: number;
/** Signatures that were checked one by one, as the admin port does. */
let checks = 0;
const countingVerifier: Verifier = {
  verify: (...parts) => {
    checks += 1;
    return sr25519.verify(...parts);
  },
  verifyBatch: (all) => sr25519.verifyBatch(all),
};
beforeAll(async () => {
  const admin = { enabled: true, port: 0, keys: [lowly.ss58] };
  rig = await startRig({ admin }, { verifier: countingVerifier });
  port = rig.miner.adminPort ?? 0;
});
afterAll(() => rig.miner.stop());

function ask(command: AdminCommand, signer = minerKey): Promise<unknown> {
  return askAdmin({ host: '127.0.0.1', port, signer, receiver: minerKey.ss58 }, command);
}

function refusalOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: SubnetError) => `${error.code}: ${error.message}`,
  );
}

interface Sent {
  readonly status: number;
  readonly text: string;
}

function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
  localAddress = '127.0.0.1',
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const where = { host: '127.0.0.1', port, localAddress };
    const sent = request({ ...where, method, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function signed(
  body: string,
  { nonceNs = platform.clock.nowNs(), signer = minerKey }: SignOptions = {},
) {
  return signRequest({
    method: 'POST',
    pathWithQuery: '/admin',
    bodySha256: platform.sha256(Buffer.from(body)),
    signer,
    nonceNs,
    receiver: minerKey.ss58,
  });
}

describe('the admin port', () => {
  it('drains and takes up again', async () => {
    expect(await ask({ command: 'drain' })).toEqual({ draining: true });
    expect((await infer(rig.port)).status).toBe(503);
    expect(await ask({ command: 'resume' }, lowly)).toEqual({ draining: false });
    expect((await infer(rig.port)).status).toBe(200);
  });

  it('changes the level of the log, of what was made from it before too', async () => {
    await ask({ command: 'log-level', level: 'error' });
    const before = rig.logLines.length;
    await ask({ command: 'log-level', level: 'error' });
    expect(rig.logLines.length).toBe(before);
    await ask({ command: 'log-level', level: 'debug' });
    expect(rig.logLines.length).toBeGreaterThan(before);
  });

  it('lists models, names them anew, and tells what there is not', async () => {
    expect(await ask({ command: 'models-list' })).toMatchObject({ models: [{ name: 'digits' }] });
    const target = { name: 'digits', version: null };
    await ask({ command: 'models-alias', alias: 'best', target });
    const path = '/v2/models/best/infer';
    expect((await infer(rig.port, { path })).status).toBe(200);
    await ask({ command: 'models-alias', alias: 'best', target: null });
    expect((await infer(rig.port, { path })).status).toBe(404);
    const canary = { version: '7', share: 0.5 };
    expect(await refusalOf(ask({ command: 'models-canary', name: 'digits', canary }))).toMatch(
      /^MODEL_UNKNOWN: /,
    );
  });

  it('what a command met comes to the operator with its own code, said once', async () => {
    const own = new SubnetError('MODEL_UNKNOWN', { detail: 'none' });
    const load = { command: 'models-load', name: 'none', version: null } as const;
    const met = await ask(load).catch((error: unknown) => error);
    expect(met).toBeInstanceOf(SubnetError);
    expect(met).toMatchObject({ code: own.code, fix: own.fix, exitCode: own.exitCode });
    const title = own.message.slice(0, own.message.indexOf(':'));
    expect((met as SubnetError).message.split(title)).toHaveLength(2);
    expect((met as SubnetError).message).toContain('none');
  });

  it('shows status and metrics to this machine, and to no page of a browser', async () => {
    expect(JSON.parse((await send('GET', '/status')).text)).toMatchObject({ ready: true });
    expect((await send('GET', '/metrics')).text).toContain('miner_requests_total');
    expect((await send('GET', '/status', { host: 'evil.example' })).status).toBe(403);
    expect((await send('GET', '/status', { host: `[::1]:${port}` })).status).toBe(200);
  });

  it('takes commands of its own hotkey and of listed keys alone', async () => {
    const command = { command: 'drain' } as const;
    expect(await refusalOf(ask(command, validator))).toMatch(/^ADMIN_REFUSED: .*admin\.keys/);
    expect(await refusalOf(ask(command, stranger))).toMatch(/^ADMIN_REFUSED: .*admin\.keys/);
    const other = { host: '127.0.0.1', port, signer: minerKey, receiver: validator.ss58 };
    expect(await refusalOf(askAdmin(other, command))).toMatch(/addressed to another/);
    expect((await infer(rig.port)).status).toBe(200);
  });

  it('takes each signature once, for the bytes that were signed', async () => {
    const body = JSON.stringify({ command: 'resume' });
    const headers = signed(body);
    expect((await send('POST', '/admin', headers, body)).status).toBe(200);
    expect((await send('POST', '/admin', headers, body)).status).toBe(401);
    const drain = JSON.stringify({ command: 'drain' });
    expect((await send('POST', '/admin', signed(body), drain)).status).toBe(401);
    expect((await send('POST', '/admin', {}, body)).status).toBe(401);
    const old = { nonceNs: platform.clock.nowNs() - 60_000_000_000n };
    expect((await send('POST', '/admin', signed(body, old), body)).status).toBe(401);
  });

  it('400 for what is no command, 404 and 405 elsewhere, 413 for what is long', async () => {
    for (const body of [
      '',
      '{}',
      '[]',
      '{"command":"exit"}',
      '{"command":"drain","x":1}',
      '\xff',
    ]) {
      expect((await send('POST', '/admin', signed(body), body)).status).toBe(400);
    }
    const bad = '{"command":"models-alias","alias":"../x","target":null}';
    const reason = /"the command is not valid: alias must be at most 64 letters[^\\]*"/;
    expect((await send('POST', '/admin', signed(bad), bad)).text).toMatch(reason);
    expect((await send('POST', '/other', signed('{}'), '{}')).status).toBe(404);
    expect((await send('GET', '/admin')).status).toBe(405);
    expect((await send('POST', '/admin', {}, 'a'.repeat(100_000))).status).toBe(413);
  });

  it('checks no signature of whoever may not administer it, and charges none', async () => {
    const before = checks;
    for (let at = 0; at < 60; at += 1) {
      const refused = await send('POST', '/admin', signed('{}', { signer: stranger }), '{}');
      expect(refused.status).toBe(403);
      expect((await send('POST', '/admin', {}, '{}')).status).toBe(401);
    }
    expect(checks).toBe(before);
    expect(await ask({ command: 'resume' })).toEqual({ draining: false });
    expect(checks).toBe(before + 1);
  });

  it('checks few wrong signatures of one address; from another its operator gets through', async () => {
    const from = '127.0.0.9';
    const wrong = async () => (await send('POST', '/admin', signed('{}'), '{"a":1}', from)).status;
    const before = checks;
    const statuses: number[] = [];
    for (let at = 0; at < 100; at += 1) statuses.push(await wrong());
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(checks - before).toBe(statuses.filter((status) => status === 401).length);
    expect(await ask({ command: 'resume' })).toEqual({ draining: false });
  });
});

describe('where the admin port may be', () => {
  it.each(['0.0.0.0', '::', '192.168.1.1', 'localhost', 'example.org', ''])(
    'not on %j',
    async (host) => {
      const log = createLogger({ level: 'silent' });
      const gate = () => Promise.resolve({ status: 200, json: null });
      const started = startAdminServer({ host, port: 0, gate, pages: {}, log });
      expect(await refusalOf(started)).toMatch(/^ADMIN_NOT_LOOPBACK/);
      const yaml = { netuid: 1, admin: { enabled: true, host } };
      const issues = minerSchema.safeParse(yaml).error?.issues ?? [];
      expect(issues.map(({ path }) => path.join('.'))).toContain('admin.host');
    },
  );

  it('nobody there: says so', async () => {
    const nowhere = { host: '127.0.0.1', port: 1, signer: minerKey, receiver: minerKey.ss58 };
    expect(await refusalOf(askAdmin(nowhere, { command: 'drain' }))).toMatch(/^ADMIN_UNREACHABLE/);
  });

  it('knows loopback addresses, and hosts that name them', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].map(isLoopback)).toEqual([true, true, true]);
    expect(['10.0.0.1', 'localhost', '::'].map(isLoopback)).toEqual([false, false, false]);
    const hosts = ['localhost:9103', '127.0.0.1', '[::1]:1', 'localhost.evil', undefined, ''];
    expect(hosts.map(isLoopbackHost)).toEqual([true, true, true, false, false, false]);
  });
});
