import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CliIo } from '../../cli/io.ts';
import { walletCommand } from '../../cli/wallet.ts';
import { isSubnetError } from '../../common/errors.ts';

const aliceAddress = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';

let path = '';
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'wallets-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

function run(...args: string[]): { out: string[]; err: string[]; code: string } {
  const [out, err]: [string[], string[]] = [[], []];
  const io: CliIo = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    env: { BT_WALLET_PATH: path, BT_WALLET_NAME: 'mine' },
    isTty: false,
    colour: false,
    columns: 80,
    signal: new AbortController().signal,
    setExitCode: () => undefined,
  };
  try {
    walletCommand(io).parse(args, { from: 'user' });
    return { out, err, code: 'ok' };
  } catch (error) {
    if (isSubnetError(error)) return { out, err, code: error.code };
    throw error;
  }
}

function json(result: { out: string[] }): Record<string, unknown> {
  return JSON.parse(result.out.at(-1) ?? '') as Record<string, unknown>;
}

describe('subnet wallet', () => {
  it('creates, shows and lists a wallet, taking folder and name from the environment', () => {
    const created = json(run('create', '--unencrypted-coldkey', '--hotkey', 'h', '--json'));
    expect(created['ok']).toBe(true);
    const shown = json(run('show', '--hotkey', 'h', '--json'));
    expect(shown).toMatchObject({
      ok: true,
      name: 'mine',
      coldkey: { state: 'plain', ss58: created['coldkey'] },
      hotkey: { name: 'h', ss58: created['hotkey'] },
      warnings: [],
    });
    expect(json(run('list', '--json'))).toMatchObject({ ok: true, wallets: [{ name: 'mine' }] });
    expect(run('list').out.join('\n')).toContain(String(created['hotkey']));
  });

  it('never prints a secret', () => {
    const output = [
      run('create', '--unencrypted-coldkey'),
      run('create', '--hotkey-only', '--hotkey', 'second', '--json'),
      run('show'),
      run('list', '--json'),
    ].flatMap(({ out, err }) => [...out, ...err]);
    for (const file of ['coldkey', 'hotkeys/default', 'hotkeys/second']) {
      const stored = JSON.parse(readFileSync(join(path, 'mine', file), 'utf8')) as object;
      const secrets = Object.entries(stored).filter(([name]) => /secret|private/i.test(name));
      expect(secrets.length).toBe(3);
      for (const [, secret] of secrets) expect(output.join('\n')).not.toContain(String(secret));
    }
  });

  it('writes no coldkey in the clear unless told to', () => {
    expect(run('create').code).toBe('WALLET_COLDKEY_UNPROTECTED');
    expect(run('list').out).toEqual([`no wallets in ${path}`]);
    expect(run('create', '--coldkey-address', aliceAddress).code).toBe('ok');
    expect(json(run('show', '--json'))['coldkey']).toEqual({ state: 'absent', ss58: aliceAddress });
  });

  it.each([
    ['two choices for the coldkey', ['--unencrypted-coldkey', '--hotkey-only']],
    ['an address that is none', ['--coldkey-address', 'nonsense']],
    ['a count of words that no phrase has', ['--hotkey-only', '--words', '13']],
  ])('refuses %s', (_, flags) => {
    expect(run('create', ...flags).code).toBe('USAGE');
  });

  it('passes on why a wallet cannot be shown', () => {
    expect(run('show').code).toBe('WALLET_NOT_FOUND');
  });
});
