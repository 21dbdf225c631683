import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../cli/doctor/finding.ts';
import { walletReport } from '../../cli/doctor/wallet-findings.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createWallet, walletFiles, walletLocation } from '../../common/keys/wallet.ts';

let path = '';
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const place = () => walletLocation({ path, name: 'mine' });
const files = () => walletFiles(place());
const found = (id: string): readonly Finding[] =>
  walletReport(place()).findings.filter((finding) => finding.id === id);

function create(coldkey: 'unencrypted' | 'none' = 'unencrypted'): void {
  createWallet(loadSr25519(), place(), { coldkey });
}

describe('what the doctor says of a wallet', () => {
  it('nothing is open, the coldkey lies in the clear', () => {
    create();
    expect(found('wallet.hotkey')).toMatchObject([{ status: 'pass' }]);
    expect(found('wallet.mode')).toMatchObject([{ status: 'pass' }]);
    expect(found('wallet.coldkey')).toMatchObject([
      {
        status: 'fail',
        fix: expect.stringContaining(
          `subnet wallet encrypt --wallet-name mine --wallet-path ${path}`,
        ),
      },
    ]);
  });

  it('looks at every file and folder, as repair does', () => {
    create();
    chmodSync(files().coldkey, 0o666);
    chmodSync(files().folder, 0o777);
    const fix = `subnet wallet repair --wallet-name mine --wallet-path ${path}`;
    expect(found('wallet.mode')).toEqual([
      { id: 'wallet.mode', status: 'warn', detail: expect.stringContaining('mode 0777'), fix },
      { id: 'wallet.mode', status: 'warn', detail: expect.stringContaining('mode 0666'), fix },
    ]);
  });

  it('looks at the rest when there is no hotkey', () => {
    create();
    rmSync(files().hotkey);
    chmodSync(files().coldkey, 0o644);
    expect(found('wallet.hotkey')).toMatchObject([{ status: 'fail' }]);
    expect(found('wallet.mode')).toMatchObject([{ status: 'warn' }]);
    expect(found('wallet.coldkey')).toMatchObject([{ status: 'fail' }]);
  });

  it.each([
    ['is not there', (): void => undefined, 'skip'],
    ['is public only', () => writeFileSync(files().coldkeypub, '{}'), 'pass'],
    ['is encrypted', () => writeFileSync(files().coldkey, '$NACLxx', { mode: 0o600 }), 'warn'],
    ['is a folder', () => mkdirSync(files().coldkey), 'warn'],
    ['is something else', () => writeFileSync(files().coldkey, 'junk'), 'warn'],
  ] as const)('a coldkey that %s', (_, put, status) => {
    create('none');
    put();
    expect(found('wallet.coldkey')).toMatchObject([{ status }]);
  });

  it('survives a wallet that is not there, and a name that is none', () => {
    expect(found('wallet.mode')).toMatchObject([{ status: 'skip' }]);
    const none = walletReport(walletLocation({ path, name: '../x' }));
    expect(none.findings).toMatchObject([{ id: 'wallet.hotkey', status: 'fail' }]);
  });
});
