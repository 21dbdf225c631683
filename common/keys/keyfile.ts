import { fromHex, toHex } from '../hex.ts';

/** What protects a key file, told by its first bytes as the Bittensor wallets do. */
export type KeyfileEncryption = 'nacl' | 'ansible-vault' | 'fernet';

/** The secret of a key file, in the order in which the Bittensor wallets look for it. */
export type KeyfileSecret =
  | { readonly kind: 'phrase'; readonly phrase: string }
  | { readonly kind: 'seed'; readonly miniSecret: Uint8Array }
  /** 64 bytes: canonical scalar, nonce. NOT the ed25519-expanded form of JavaScript libraries. */
  | { readonly kind: 'secret'; readonly secretKey: Uint8Array }
  | { readonly kind: 'none' };

export interface Keyfile {
  readonly secret: KeyfileSecret;
  /** As written in the file, not checked against the secret. */
  readonly ss58Address?: string;
}

export interface KeyfileProblem {
  readonly problem: string;
}

export interface KeyfileParts {
  readonly publicKey: Uint8Array;
  readonly ss58Address: string;
  readonly secretKey?: Uint8Array;
  readonly miniSecret?: Uint8Array;
  readonly phrase?: string;
}

const prefixes: readonly (readonly [string, KeyfileEncryption])[] = [
  ['$NACL', 'nacl'],
  ['$ANSIBLE_VAULT', 'ansible-vault'],
  ['gAAAAA', 'fernet'],
];

/** How the file is encrypted; `undefined` for plain JSON (or anything else). */
export function keyfileEncryption(bytes: Uint8Array): KeyfileEncryption | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  return prefixes.find(([prefix]) => start.startsWith(prefix))?.[1];
}

/** Reads plain key file text. A problem never quotes the file: it may hold a secret. */
export function parseKeyfile(text: string): Keyfile | KeyfileProblem {
  const fields = parseObject(text);
  if (fields === undefined) return { problem: 'it is not a JSON object' };
  const secret = findSecret(fields);
  if ('problem' in secret) return secret;
  const ss58Address = textField(fields, 'ss58Address');
  if (ss58Address !== undefined) return { secret, ss58Address };
  return secret.kind === 'none' ? { problem: 'it has no secret and no ss58Address' } : { secret };
}

/** One line of JSON with the fields that every wallet version reads (so no `cryptoType`). */
export function formatKeyfile(parts: KeyfileParts): string {
  const publicKey = `0x${toHex(parts.publicKey)}`;
  return JSON.stringify({
    accountId: publicKey,
    publicKey,
    ...(parts.secretKey && { privateKey: `0x${toHex(parts.secretKey)}` }),
    ...(parts.phrase !== undefined && { secretPhrase: parts.phrase }),
    ...(parts.miniSecret && { secretSeed: `0x${toHex(parts.miniSecret)}` }),
    ss58Address: parts.ss58Address,
  });
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}

function findSecret(fields: Fields): KeyfileSecret | KeyfileProblem {
  const phrase = textField(fields, 'secretPhrase');
  if (phrase !== undefined) {
    return phrase.trim() === '' ? { problem: 'secretPhrase is empty' } : { kind: 'phrase', phrase };
  }
  const miniSecret = hexField(fields, 'secretSeed', 32);
  if (miniSecret !== undefined) return { kind: 'seed', miniSecret };
  const secretKey = hexField(fields, 'privateKey', 64);
  if (secretKey !== undefined) return { kind: 'secret', secretKey };
  return unreadableSecret(fields) ?? { kind: 'none' };
}

// An unreadable seed beside a good privateKey is a known fault of a wallet version and passes.
function unreadableSecret(fields: Fields): KeyfileProblem | undefined {
  const name = ['privateKey', 'secretSeed'].find((field) => textField(fields, field) !== undefined);
  return name === undefined ? undefined : { problem: `${name} is not hex of the right length` };
}

function textField(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

function hexField(fields: Fields, name: string, length: number): Uint8Array | undefined {
  const bytes = fromHex(textField(fields, name) ?? '');
  return bytes?.length === length ? bytes : undefined;
}
