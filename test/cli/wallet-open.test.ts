import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openColdkey, openKeyfile } from '../../cli/wallet-open.ts';
import type { KeyDerivation } from '../../common/keys/key-derivation.ts';
import { encryptKeyfile } from '../../common/keys/keyfile-crypt.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createWallet } from '../../common/keys/wallet.ts';
import { fakePrompter } from '../fakes/fake-prompter.ts';
import { quickDerivation } from './wallet-rig.ts';

const secret = new TextEncoder().encode('{"secretSeed":"0x00"}');
let folder = '';
let file = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'open-'));
  file = join(folder, 'coldkey');
  const nonce = new Uint8Array(24).fill(7);
  writeFileSync(file, await encryptKeyfile(quickDerivation, secret, 'the password', nonce));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function deps(signal: AbortSignal, derivation: KeyDerivation = quickDerivation) {
  const io = { env: {}, err: () => undefined, isTty: false, signal };
  return { io, prompter: fakePrompter('the password'), derivation };
}

describe('opening a key file', () => {
  it('gives its text to who knows the password', async () => {
    const { text } = await openKeyfile('coldkey', file, deps(new AbortController().signal));
    expect(text).toEqual(secret);
  });

  it('is cancelled by Ctrl-C while it works on the password', async () => {
    const stop = new AbortController();
    const slow: KeyDerivation = {
      ...quickDerivation,
      argon2i: async (input) => {
        stop.abort();
        return quickDerivation.argon2i(input);
      },
    };
    await expect(openKeyfile('coldkey', file, deps(stop.signal, slow))).rejects.toMatchObject({
      code: 'CANCELLED',
      exitCode: 130,
    });
  });

  it('is cancelled by Ctrl-C where no password is needed, too', async () => {
    const location = { path: folder, name: 'plain', hotkey: 'default' };
    const made = { coldkey: 'unencrypted', coldkeySuri: '//Alice', hotkeySuri: '//Hot' } as const;
    createWallet(loadSr25519(), location, made);
    await expect(openColdkey(location, deps(AbortSignal.abort()))).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
