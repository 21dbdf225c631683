import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openColdkey, openHotkey } from '../../cli/wallet-open.ts';
import { encodePassword, passwordVariable } from '../../common/keys/env-password.ts';
import { nodeKeyDerivation } from '../../common/keys/key-derivation-node.ts';
import { encryptKeyfile } from '../../common/keys/keyfile-crypt.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { publicKeyOf } from '../../common/keys/ss58.ts';
import {
  createWallet,
  readColdkeyAddress,
  readKeyBytes,
  walletFiles,
  walletLocation,
} from '../../common/keys/wallet.ts';
import type { WalletLocation } from '../../common/keys/wallet.ts';
import { fromHex, toHex } from '../../common/hex.ts';
import { fakePrompter } from '../fakes/fake-prompter.ts';
import { python, pythonWallet40, pythonWallet41, runPython, titled } from './python.ts';

const sr25519 = loadSr25519();
const password = 'Throw-Away-Passw0rd!';
const message = new TextEncoder().encode('message');

interface PeerKey {
  readonly ss58: string;
  readonly signature: string;
}
interface PeerKeys {
  readonly coldkey: PeerKey;
  readonly hotkey: PeerKey;
  readonly coldkeypub: { readonly ss58: string };
}

let path = '';
let location: WalletLocation;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'wallets-'));
  location = walletLocation({ path, name: 'w' });
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const deps = (env: Readonly<Record<string, string>>, ...answers: readonly string[]) => ({
  io: { env, isTty: false, err: () => undefined, signal: new AbortController().signal },
  prompter: fakePrompter(...answers),
  sr25519,
});

function isValid({ ss58, signature }: PeerKey): boolean {
  return sr25519.verify(message, fromHex(signature) ?? message, publicKeyOf(ss58 as never));
}

/** A wallet as `subnet wallet create` writes it. */
async function ourWallet(encrypted: boolean): Promise<void> {
  createWallet(sr25519, location, { coldkey: 'unencrypted' });
  if (!encrypted) return;
  const { coldkey } = walletFiles(location);
  const nonce = crypto.getRandomValues(new Uint8Array(24));
  const text = readKeyBytes(coldkey);
  writeFileSync(coldkey, await encryptKeyfile(nodeKeyDerivation(), text, password, nonce));
}

describe.each([
  ['bittensor_wallet 4.0', pythonWallet40],
  ['bittensor_wallet 4.1', pythonWallet41],
  ['the Python SDK 11', python],
] as const)('key files shared with %s', (peer, interpreter) => {
  const ask = async (...jobs: readonly object[]) =>
    (await runPython('wallet_peer.py', jobs, interpreter)) as readonly unknown[];

  describe.skipIf(interpreter === undefined)(titled(peer, interpreter), () => {
    it.each([false, true])(
      'opens ours (encrypted: %s), and we believe its signatures',
      async (encrypted) => {
        await ourWallet(encrypted);
        const job = { do: 'read', path, name: 'w', ...(encrypted && { password }) };
        const [keys] = (await ask(job)) as readonly PeerKeys[];
        expect(keys?.coldkeypub.ss58).toBe(readColdkeyAddress(location));
        expect(keys?.coldkey.ss58).toBe(readColdkeyAddress(location));
        expect(keys && [keys.coldkey, keys.hotkey].map(isValid)).toEqual([true, true]);
      },
    );

    it.each([false, true])(
      'makes what we open (encrypted: %s), and believes our signatures',
      async (encrypted) => {
        const job = { path, name: 'w', ...(encrypted && { password }) };
        const answers = await ask({ do: 'write', ...job }, { do: 'read', ...job });
        const keys = answers[1] as PeerKeys;
        const coldkey = await openColdkey(location, deps({}, password));
        const hotkey = await openHotkey(location, deps({}));
        expect([coldkey.ss58, hotkey.ss58]).toEqual([keys.coldkey.ss58, keys.hotkey.ss58]);
        const checks = [coldkey, hotkey].map((signer) => ({
          do: 'verify',
          ss58: signer.ss58,
          signature: toHex(signer.sign(message)),
        }));
        expect(await ask(...checks)).toEqual([{ valid: true }, { valid: true }]);
      },
    );

    it('names and encodes the password variable as we do', async () => {
      const job = { do: 'write', path, name: 'w', password, environment: true };
      const [saved] = (await ask(job)) as readonly { variable: string; value: string }[];
      const variable = passwordVariable(walletFiles(location).coldkey);
      expect(saved).toEqual({ variable, value: encodePassword(variable, password) });
      const signer = await openColdkey(location, deps({ [variable]: saved?.value ?? '' }));
      expect(signer.ss58).toBe(readColdkeyAddress(location));
    });
  });
});
