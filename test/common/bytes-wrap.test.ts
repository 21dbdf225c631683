import { u8aWrapBytes } from '@polkadot/util';
import { describe, expect, it } from 'vitest';
import { verifyPlainOrWrapped, wrapBytes } from '../../common/wire/bytes-wrap.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';

const sr25519 = loadSr25519();
const alice = signerFromSuri(sr25519, '//Alice');
const { publicKey } = alice;
const sign = (text: Uint8Array): Uint8Array => alice.sign(text);
const message = new TextEncoder().encode('1700.hotkey.uuid');

describe('wrapped messages', () => {
  it('look as @polkadot/util makes them', () => {
    expect(wrapBytes(message)).toEqual(u8aWrapBytes(message));
  });

  it('pass beside plain ones, and nothing else does', () => {
    const verdict = (signed: Uint8Array): boolean =>
      verifyPlainOrWrapped(sr25519, { message, signature: sign(signed), publicKey });
    expect(verdict(message)).toBe(true);
    expect(verdict(wrapBytes(message))).toBe(true);
    expect(verdict(wrapBytes(wrapBytes(message)))).toBe(false);
    expect(verdict(message.slice(1))).toBe(false);
  });

  it('do not pass where the message is taken as it is', () => {
    expect(sr25519.verify(message, sign(wrapBytes(message)), publicKey)).toBe(false);
  });
});
