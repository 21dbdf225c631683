import { keyfileEncryption } from '../../common/keys/keyfile.ts';
import type { KeyfileEncryption } from '../../common/keys/keyfile.ts';
import { keyFromKeyfile, wipeKey } from '../../common/keys/keyfile-key.ts';
import { readKeyBytes } from '../../common/keys/wallet.ts';
import { passwordFromSettings } from '../wallet-open.ts';
import type { KeyKind } from '../wallet-open.ts';
import type { WalletDeps } from './wallet-deps.ts';

/**
 * Everything about a key that can be known before a password is asked for or worked on, so that a
 * dry run finds what the real one would: the file, what it holds in the clear, the variables.
 * Returns how it is encrypted. Throws WALLET_NOT_FOUND, WALLET_UNREADABLE, KEYFILE_INVALID,
 * KEYFILE_PUBLIC_ONLY, PASSWORD_VARIABLE_INVALID, PASSWORD_FILE_UNREADABLE.
 */
export function checkKey(
  { io, sr25519 }: WalletDeps,
  kind: KeyKind,
  file: string,
): KeyfileEncryption | undefined {
  const bytes = readKeyBytes(file);
  const encryption = keyfileEncryption(bytes);
  if (encryption !== undefined) {
    // Its warnings are for the run that uses the password.
    passwordFromSettings(kind, file, { env: io.env, err: () => undefined });
    return encryption;
  }
  wipeKey(keyFromKeyfile(sr25519, file, new TextDecoder().decode(bytes)).key);
  bytes.fill(0);
  return undefined;
}
