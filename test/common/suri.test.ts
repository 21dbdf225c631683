import { createHash } from 'node:crypto';
import { cryptoWaitReady, mnemonicToEntropy as theirEntropy } from '@polkadot/util-crypto';
import { entropyToMnemonic as theirMnemonic } from '@polkadot/util-crypto/mnemonic/bip39';
import { keyExtractPath, mnemonicToMiniSecret as theirMiniSecret } from '@polkadot/util-crypto';
import { Keyring } from '@polkadot/api';
import { beforeAll, describe, expect, it } from 'vitest';
import { bip39English } from '../../common/keys/bip39-english.ts';
import { isSubnetError } from '../../common/errors.ts';
import { toHex } from '../../common/hex.ts';
import { keyFromSuri, signerFromSuri } from '../../common/keys/keys.ts';
import {
  entropyToMnemonic,
  mnemonicToEntropy,
  mnemonicToMiniSecret,
} from '../../common/keys/mnemonic.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { devPhrase, parseSuri, toChainCode } from '../../common/keys/suri.ts';
import { seededBytes } from './seeded-bytes.ts';
import vectors from '../vectors/wallet.json' with { type: 'json' };

const sr25519 = loadSr25519();

describe('mnemonics', () => {
  it('use the English list of BIP-0039', () => {
    const digest = createHash('sha256')
      .update(`${bip39English.join('\n')}\n`)
      .digest('hex');
    expect(digest).toBe('2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda');
  });

  it('go to and from entropy as in @polkadot/util-crypto, for every length', () => {
    for (const length of [16, 20, 24, 28, 32]) {
      for (let at = 0; at < 10; at += 1) {
        const entropy = at === 0 ? new Uint8Array(length) : seededBytes(`${length} ${at}`, length);
        const phrase = entropyToMnemonic(entropy);
        expect(phrase).toBe(theirMnemonic(entropy));
        expect(mnemonicToEntropy(phrase)).toEqual(entropy);
        expect(theirEntropy(phrase)).toEqual(entropy);
      }
    }
  });

  it('give the same mini secret, with and without a password', () => {
    const phrase = entropyToMnemonic(seededBytes('phrase', 16));
    expect(mnemonicToMiniSecret(phrase)).toEqual(theirMiniSecret(phrase));
    expect(mnemonicToMiniSecret(phrase, 'pässword')).toEqual(theirMiniSecret(phrase, 'pässword'));
  });

  it('refuse unknown words, a wrong count, a wrong checksum', () => {
    const words = devPhrase.split(' ');
    expect(mnemonicToEntropy(words.slice(1).join(' '))).toBeUndefined();
    expect(mnemonicToEntropy([...words.slice(1), 'walk'].join(' '))).toBeUndefined();
    expect(mnemonicToEntropy([...words.slice(1), 'bittensor'].join(' '))).toBeUndefined();
    expect(mnemonicToEntropy('')).toBeUndefined();
    expect(() => entropyToMnemonic(new Uint8Array(15))).toThrow(RangeError);
  });
});

describe('secret URIs', () => {
  beforeAll(() => cryptoWaitReady());

  it('give the keys that the SDK and the development chains have', () => {
    const { phrase, publicKey, ss58 } = vectors.mnemonic;
    const signer = signerFromSuri(sr25519, phrase);
    expect([toHex(signer.publicKey), signer.ss58]).toEqual([publicKey, ss58]);
    expect(signerFromSuri(sr25519, '//Alice').ss58).toBe(
      '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
    );
  });

  const long = 'a name that is longer than thirty-two bytes in SCALE';
  it.each([
    '//Alice',
    '//Alice//stash',
    '/soft',
    '//hard/soft//7',
    '//0',
    '//4294967296/18446744073709551615',
    `//${long}/${long}`,
    `${devPhrase}//x///password`,
    `${devPhrase}///only a password`,
    `0x${'ab'.repeat(32)}//seed`,
  ])('agrees with @polkadot/keyring on %s', (suri) => {
    const theirs = new Keyring({ type: 'sr25519' }).addFromUri(withPhrase(suri));
    const ours = signerFromSuri(sr25519, suri);
    expect(ours.ss58).toBe(theirs.address);
    const message = seededBytes('m', 20);
    expect(theirs.verify(message, ours.sign(message), theirs.publicKey)).toBe(true);
    expect(sr25519.verify(message, theirs.sign(message), ours.publicKey)).toBe(true);
  });

  it('makes the chain codes of @polkadot/util-crypto', () => {
    for (const name of [
      'Alice',
      '0',
      '1000',
      'é',
      'x'.repeat(31),
      'x'.repeat(32),
      'x'.repeat(9000),
    ]) {
      expect(toChainCode(name), name).toEqual(keyExtractPath(`//${name}`).path[0]?.chainCode);
    }
  });

  it('keeps the phrase only for the key of the phrase itself', () => {
    expect(keyFromSuri(sr25519, devPhrase).phrase).toBe(devPhrase);
    expect(keyFromSuri(sr25519, `${devPhrase}///p`).phrase).toBeUndefined();
    expect(keyFromSuri(sr25519, '//Alice').phrase).toBeUndefined();
    expect(keyFromSuri(sr25519, '//Alice').miniSecret?.length).toBe(32);
    expect(keyFromSuri(sr25519, '//Alice/soft').miniSecret).toBeUndefined();
  });

  it('reads phrase, path and password apart', () => {
    const suri = parseSuri('a b//c/d///e//f');
    expect(suri?.phrase).toBe('a b');
    expect(suri?.junctions.map(({ kind }) => kind)).toEqual(['hard', 'soft']);
    expect(suri?.password).toBe('e//f');
  });

  it('refuses others with SURI_INVALID, without repeating the secret', () => {
    const bad = ['my secret words', '0x12', `${devPhrase} walk`, 'topsecret//', `${devPhrase}/`];
    for (const text of bad) {
      const error = thrownBy(() => keyFromSuri(sr25519, text));
      expect(isSubnetError(error) && error.code, text).toBe('SURI_INVALID');
      expect(String(error)).not.toMatch(/secret words|topsecret|bottom|0x12/);
    }
  });

  it('signs no more after dispose', () => {
    const signer = signerFromSuri(sr25519, '//Alice');
    signer.dispose();
    expect(() => signer.sign(new Uint8Array())).toThrow('disposed');
  });
});

function withPhrase(suri: string): string {
  return suri.startsWith('/') ? devPhrase + suri : suri;
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
