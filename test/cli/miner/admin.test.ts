import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminCommand, modelsCommand } from '../../../cli/miner/admin.ts';
import type { CliIo } from '../../../cli/io.ts';
import { createWallet } from '../../../common/keys/wallet.ts';
import { call, infer, lowly, minerKey, sr25519, startRig } from '../../miner/rig.ts';
import type { MinerRig } from '../../miner/rig.ts';
import { runCommand, seenIo } from './command-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'admin-'));
const wallets = join(folder, 'wallets');
const yaml = join(folder, 'miner.yaml');

let rig: MinerRig;
beforeAll(async () => {
  rig = await startRig({ admin: { enabled: true, port: 0, keys: [lowly.ss58] } });
  for (const [name, hotkeySuri] of [
    ['miner', '//Miner'],
    ['other', '//Lowly'],
    ['thief', '//Stranger'],
  ] as const) {
    const location = { path: wallets, name, hotkey: 'default' };
    createWallet(sr25519, location, { coldkey: 'unencrypted', hotkeySuri });
  }
  writeFileSync(
    yaml,
    [
      'netuid: 2',
      'chain: { endpoints: ["ws://127.0.0.1:1"] }',
      'task: digits',
      `model: { path: model.onnx, sha256: "${'ab'.repeat(32)}" }`,
      `wallet: { path: ${wallets}, name: miner }`,
      `admin: { enabled: true, port: ${rig.miner.adminPort ?? 0} }`,
    ].join('\n'),
  );
});
afterAll(async () => {
  await rig.miner.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function give(make: (io: CliIo) => Command, ...words: readonly string[]): Promise<unknown> {
  const io = seenIo();
  await runCommand(make(io), ...words, '--config', yaml, '--json');
  return (JSON.parse(io.lines.at(-1) ?? '') as { result: unknown }).result;
}

const asOther = (name: string): readonly string[] =>
  ['--wallet-path', wallets].concat('--wallet-name', name, '--miner', minerKey.ss58);

describe('subnet miner admin and models', () => {
  it('drain and resume, signed by the wallet of the YAML', async () => {
    expect(await give(adminCommand, 'drain')).toEqual({ draining: true });
    expect((await call(rig.port, { path: '/v2/health/ready' })).status).toBe(503);
    expect(await give(adminCommand, 'resume')).toEqual({ draining: false });
    expect((await infer(rig.port)).status).toBe(200);
  });

  it('asks from the loopback address that is named, and from no other kind', async () => {
    const from = (address: string) => give(adminCommand, 'resume', '--from', address);
    expect(await from('127.0.0.2')).toEqual({ draining: false });
    await expect(from('10.0.0.1')).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('another key that the miner lists may, one that it does not list may not', async () => {
    const quiet = ['log-level', '--level', 'warn'];
    expect(await give(adminCommand, ...quiet, ...asOther('other'))).toEqual({ level: 'warn' });
    await expect(give(adminCommand, 'drain', ...asOther('thief'))).rejects.toMatchObject({
      code: 'ADMIN_REFUSED',
    });
  });

  it('lists models, gives them other names, and passes on why it cannot', async () => {
    expect(await give(modelsCommand, 'list')).toMatchObject({ models: [{ name: 'digits' }] });
    const alias = ['alias', '--model', 'digits', '--alias', 'numbers'];
    expect(await give(modelsCommand, ...alias)).toMatchObject({ alias: 'numbers' });
    expect((await call(rig.port, { path: '/v2/models/numbers' })).status).toBe(200);
    await give(modelsCommand, 'alias', '--alias', 'numbers', '--remove');
    expect((await call(rig.port, { path: '/v2/models/numbers' })).status).toBe(404);
    await expect(give(modelsCommand, 'load', '--model', 'none')).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      exitCode: 2,
    });
    await expect(
      give(modelsCommand, 'canary', '--model', 'digits', '--share', '0.5'),
    ).rejects.toMatchObject({ code: 'USAGE' });
  });

  it.each([
    [['alias', '--alias', '../x', '--model', 'digits'], /--alias .*'\.\.\/x'.* at most 64 letters/],
    [['alias', '--alias', 'x'.repeat(65), '--model', 'digits'], /--alias .* at most 64 letters/],
    [['load', '--model', ''], /--model .* at most 64 letters/],
    [['unload', '--model', 'digits', '--model-version', 'a b'], /--model-version .* at most 64/],
    [['canary', '--model', 'digits', '--model-version', '1', '--share', '2'], /--share .*0 to 1/],
    [['canary', '--model', 'digits', '--model-version', '1', '--share', 'a'], /--share .*0 to 1/],
    [['canary', '--model', 'digits', '--model-version', '1', '--share', ''], /--share .*0 to 1/],
    [['alias', '--alias', 'numbers'], /--model.*--remove/],
  ])('tells which flag of %j is wrong, and asks no miner', async (words, reason) => {
    await expect(give(modelsCommand, ...words)).rejects.toThrow(reason);
  });
});
