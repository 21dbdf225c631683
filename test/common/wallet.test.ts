import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSubnetError } from '../../common/errors.ts';
import { toHex } from '../../common/hex.ts';
import { formatKeyfile, keyfileEncryption, parseKeyfile } from '../../common/keys/keyfile.ts';
import { keyFromSuri, signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { devPhrase } from '../../common/keys/suri.ts';
import {
  createWallet,
  listWallets,
  readColdkey,
  readColdkeyAddress,
  readHotkey,
  readHotkeyAddress,
  walletFiles,
  walletLocation,
} from '../../common/keys/wallet.ts';
import type { WalletLocation } from '../../common/keys/wallet.ts';

const sr25519 = loadSr25519();
const alice = keyFromSuri(sr25519, '//Alice');
const aliceAddress = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
const bobAddress = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';
const rootAddress = '5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV';
const aliceSecret = `0x${toHex(alice.keypair.slice(0, 64))}`;
const aliceSeed = `0x${toHex(alice.miniSecret ?? new Uint8Array())}`;

let path = '';
let location: WalletLocation;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'wallets-'));
  location = walletLocation({ path, name: 'w', hotkey: 'h' });
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

function put(file: string, content: object | string, mode = 0o600): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(file, mode);
}

function hotkeyOf(content: object | string, mode?: number): { ss58: string; kinds: string[] } {
  put(walletFiles(location).hotkey, content, mode);
  const { signer, warnings } = readHotkey(sr25519, location);
  return { ss58: signer.ss58, kinds: warnings.map(({ kind }) => kind) };
}

function failure(act: () => unknown): { code: string; text: string } {
  try {
    act();
  } catch (error) {
    if (isSubnetError(error)) return { code: error.code, text: `${error.message} ${error.fix}` };
    throw error;
  }
  return { code: 'none', text: '' };
}

describe('reading key files', () => {
  it('takes the phrase before the seed, the seed before the private key', () => {
    const all = { secretPhrase: devPhrase, secretSeed: aliceSeed, privateKey: aliceSecret };
    expect(hotkeyOf(all).ss58).toBe(rootAddress);
    expect(hotkeyOf({ ...all, secretPhrase: null }).ss58).toBe(aliceAddress);
    expect(hotkeyOf({ privateKey: aliceSecret, secretSeed: null }).ss58).toBe(aliceAddress);
  });

  it('reads private keys in the canonical form and refuses the expanded one', () => {
    expect(hotkeyOf({ privateKey: aliceSecret, ss58Address: aliceAddress }).ss58).toBe(
      aliceAddress,
    );
    const expanded = `0x${timesEight(aliceSecret.slice(2, 66))}${aliceSecret.slice(66)}`;
    const bad = failure(() => hotkeyOf({ privateKey: expanded, ss58Address: aliceAddress }));
    expect(bad.code).toBe('KEYFILE_INVALID');
    expect(bad.text).toContain('canonical');
    const other = failure(() => hotkeyOf({ privateKey: aliceSecret, ss58Address: bobAddress }));
    expect(other.text).toContain('not the ss58Address');
  });

  it('tolerates cryptoType, nulls, foreign fields and any order of keys', () => {
    const file = { zzz: [1], ss58Address: aliceAddress, cryptoType: 1, privateKey: null };
    expect(hotkeyOf({ ...file, secretSeed: aliceSeed }).ss58).toBe(aliceAddress);
  });

  it('falls back to the private key from a seed that some version wrote unreadably', () => {
    const raw = `0x${String.fromCharCode(0x11).repeat(32)}`;
    expect(hotkeyOf({ secretSeed: raw, privateKey: aliceSecret }).ss58).toBe(aliceAddress);
    expect(failure(() => hotkeyOf({ secretSeed: raw })).code).toBe('KEYFILE_INVALID');
  });

  it('warns of an address that is not the one of phrase or seed, and goes by the secret', () => {
    const read = hotkeyOf({ secretSeed: aliceSeed, ss58Address: bobAddress });
    expect(read).toEqual({ ss58: aliceAddress, kinds: ['address-mismatch'] });
  });

  it('warns of files that others can read', () => {
    expect(hotkeyOf({ secretSeed: aliceSeed }, 0o644).kinds).toEqual(['wide-mode']);
    expect(hotkeyOf({ secretSeed: aliceSeed }, 0o400).kinds).toEqual([]);
  });

  it.each([
    ['an empty phrase', { secretPhrase: '', secretSeed: aliceSeed }, 'KEYFILE_INVALID'],
    ['a phrase with a wrong word', { secretPhrase: `${devPhrase} x` }, 'KEYFILE_INVALID'],
    ['a public key alone', { publicKey: `0x${'11'.repeat(32)}` }, 'KEYFILE_INVALID'],
    ['an address without secret', { ss58Address: aliceAddress }, 'KEYFILE_PUBLIC_ONLY'],
    ['a private key of another length', { privateKey: aliceSeed }, 'KEYFILE_INVALID'],
    ['a bare address', aliceAddress, 'KEYFILE_INVALID'],
    ['an array', '[]', 'KEYFILE_INVALID'],
    ['nothing', '', 'KEYFILE_INVALID'],
  ])('refuses %s', (_, content, code) => {
    const bad = failure(() => hotkeyOf(content));
    expect(bad.code).toBe(code);
    expect(bad.text).not.toMatch(/bottom drive|e5be9a50/);
  });

  it.each(['$NACLxxxx', '$ANSIBLE_VAULT;1.1;AES256\n6162', 'gAAAAABf'])(
    'recognises the encrypted file %s and says what still works',
    (content) => {
      put(walletFiles(location).coldkey, content);
      put(walletFiles(location).coldkeypub, { ss58Address: aliceAddress });
      const bad = failure(() => readColdkey(sr25519, location));
      expect(bad.code).toBe('KEYFILE_ENCRYPTED');
      expect(bad.text).toContain('subnet wallet decrypt --key hotkey');
      expect(bad.text).toContain('coldkeypub.txt');
      expect(readColdkeyAddress(location)).toBe(aliceAddress);
    },
  );

  it('says which file is missing or unreadable', () => {
    const missing = failure(() => readHotkey(sr25519, location));
    expect(missing.code).toBe('WALLET_NOT_FOUND');
    expect(missing.text).toContain(join('hotkeys', 'h'));
    mkdirSync(walletFiles(location).hotkey, { recursive: true });
    expect(failure(() => readHotkey(sr25519, location)).code).toBe('KEYFILE_INVALID');
  });

  it('says that a file cannot be read, and lists what is beside it', () => {
    createWallet(sr25519, location, { coldkey: 'unencrypted' });
    const { coldkey } = walletFiles(location);
    rmSync(coldkey);
    symlinkSync(coldkey, coldkey);
    symlinkSync(join(path, 'circle'), join(path, 'circle'));
    expect(failure(() => readColdkey(sr25519, location)).code).toBe('WALLET_UNREADABLE');
    expect(listWallets(path).map(({ warnings }) => warnings)).toEqual([[]]);
  });

  it('reads an address from coldkeypub.txt, else from a plain coldkey', () => {
    put(walletFiles(location).coldkey, { secretSeed: aliceSeed, ss58Address: aliceAddress });
    expect(readColdkeyAddress(location)).toBe(aliceAddress);
    put(walletFiles(location).coldkeypub, { ss58Address: bobAddress });
    expect(readColdkeyAddress(location)).toBe(bobAddress);
    put(walletFiles(location).coldkeypub, { ss58Address: 'nonsense' });
    expect(failure(() => readColdkeyAddress(location)).code).toBe('KEYFILE_INVALID');
  });
});

function timesEight(scalar: string): string {
  const bytes = scalar.match(/../g)?.reverse().join('') ?? '';
  const product = (BigInt(`0x${bytes}`) * 8n).toString(16).padStart(64, '0');
  return product.match(/../g)?.reverse().join('') ?? '';
}

describe('creating wallets', () => {
  it('writes the layout that the Bittensor wallets read, closed to others', () => {
    const created = createWallet(sr25519, location, { coldkey: 'unencrypted' });
    const files = walletFiles(location);
    const expected = [files.coldkey, files.coldkeypub, files.hotkey, files.hotkeypub];
    expect(created.files).toEqual(expected);
    expect(expected.map((file) => statSync(file).mode & 0o777)).toEqual([384, 384, 384, 384]);
    expect([files.folder, dirname(files.hotkey)].map((f) => statSync(f).mode & 0o777)).toEqual([
      448, 448,
    ]);
    expect(readHotkey(sr25519, location).signer.ss58).toBe(created.hotkey);
    expect(readColdkey(sr25519, location).signer.ss58).toBe(created.coldkey);
    expect(readHotkeyAddress(location)).toBe(created.hotkey);
    expect(readColdkeyAddress(location)).toBe(created.coldkey);
  });

  it('writes fields that agree with each other, on one line, without cryptoType', () => {
    createWallet(sr25519, location, { coldkey: 'unencrypted' });
    const text = readFileSync(walletFiles(location).hotkey, 'utf8');
    const file = JSON.parse(text) as Record<string, string>;
    expect(text).not.toContain('\n');
    expect(Object.keys(file).sort()).toEqual(
      'accountId privateKey publicKey secretPhrase secretSeed ss58Address'.split(' '),
    );
    expect(file['secretPhrase']?.split(' ').length).toBe(12);
    const byPhrase = hotkeyOf({ secretPhrase: file['secretPhrase'] });
    const bySeed = hotkeyOf({ secretSeed: file['secretSeed'] });
    const bySecret = hotkeyOf({ privateKey: file['privateKey'], ss58Address: file['ss58Address'] });
    expect([byPhrase.ss58, bySeed.ss58, bySecret.ss58]).toEqual([
      ...Array<unknown>(3).fill(file['ss58Address']),
    ]);
  });

  it('writes development keys from secret URIs', () => {
    const options = {
      coldkey: 'unencrypted',
      coldkeySuri: '//Alice',
      hotkeySuri: '//Bob',
    } as const;
    const created = createWallet(sr25519, location, options);
    expect([created.coldkey, created.hotkey]).toEqual([aliceAddress, bobAddress]);
    expect(readHotkey(sr25519, location).signer.ss58).toBe(bobAddress);
  });

  it('never overwrites, and leaves nothing half-written behind', () => {
    put(walletFiles(location).hotkeypub, 'mine');
    const bad = failure(() => createWallet(sr25519, location, { coldkey: 'unencrypted' }));
    expect(bad.code).toBe('WALLET_EXISTS');
    expect(readdirSync(walletFiles(location).folder)).toEqual(['hotkeys']);
    expect(readFileSync(walletFiles(location).hotkeypub, 'utf8')).toBe('mine');
  });

  it('adds a hotkey, or notes the address of a coldkey that is kept elsewhere', () => {
    const address = signerFromSuri(sr25519, '//Alice').ss58;
    createWallet(sr25519, location, { coldkey: { address } });
    const second = { ...location, hotkey: 'h2' };
    expect(createWallet(sr25519, second, { coldkey: 'none' }).coldkey).toBeUndefined();
    const [wallet] = listWallets(path);
    expect(wallet?.coldkey).toEqual({ state: 'absent', ss58: address });
    expect(wallet?.hotkeys.map(({ name }) => name)).toEqual(['h', 'h2']);
  });

  it('says when the folder cannot be written', () => {
    writeFileSync(join(path, 'w'), '');
    const bad = failure(() => createWallet(sr25519, location, { coldkey: 'none' }));
    expect(bad.code).toBe('WALLET_UNWRITABLE');
  });

  it.each(['', '.', '..', '../x', 'a/b', 'a\\b', '.hidden', 'a\0b'])(
    'refuses the name %j, which would leave its folder',
    (name) => {
      expect(failure(() => walletFiles({ path, name, hotkey: 'h' })).code).toBe(
        'WALLET_NAME_INVALID',
      );
      expect(failure(() => walletFiles({ path, name: 'w', hotkey: name })).code).toBe(
        'WALLET_NAME_INVALID',
      );
    },
  );
});

describe('listing wallets', () => {
  it('shows every wallet in order, the broken ones too', () => {
    createWallet(sr25519, walletLocation({ path, name: 'b' }), { coldkey: 'unencrypted' });
    put(join(path, 'a', 'coldkey'), '$NACLxxxx');
    put(join(path, 'a', 'hotkeys', 'broken'), 'junk', 0o666);
    mkdirSync(join(path, 'c'));
    writeFileSync(join(path, 'file'), '');
    const wallets = listWallets(path);
    expect(wallets.map(({ name, coldkey }) => [name, coldkey.state])).toEqual([
      ['a', 'encrypted'],
      ['b', 'plain'],
      ['c', 'absent'],
    ]);
    expect(wallets[0]?.hotkeys).toEqual([{ name: 'broken', ss58: undefined }]);
    expect(wallets[0]?.warnings).toContainEqual({
      kind: 'wide-mode',
      file: join(path, 'a', 'hotkeys', 'broken'),
      detail: 'others can open it (mode 0666)',
    });
    expect(wallets[1]?.coldkey.ss58).toBe(readColdkeyAddress(walletLocation({ path, name: 'b' })));
  });

  it('finds nothing where nothing is', () => {
    expect(listWallets(join(path, 'nowhere'))).toEqual([]);
  });
});

describe('key file text', () => {
  it('round-trips', () => {
    const parts = { publicKey: alice.keypair.slice(64), ss58Address: aliceAddress };
    expect(parseKeyfile(formatKeyfile(parts))).toEqual({
      secret: { kind: 'none' },
      ss58Address: aliceAddress,
    });
  });

  it('tells encryption by the first bytes only', () => {
    const of = (text: string) => keyfileEncryption(new TextEncoder().encode(text));
    expect(of('$NACL')).toBe('nacl');
    expect(of('{"x":"$NACL"}')).toBeUndefined();
    expect(of('')).toBeUndefined();
  });
});
