import { describe, expect, it } from 'vitest';
import type { SignatureCheck, Signer, Verifier } from '../../common/signer-port.ts';
import { publicKeyOf } from '../../common/keys/ss58.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What every Signer and the Verifier beside it must do; `make` gives distinct keys. */
export function signerContract(
  name: string,
  make: () => { readonly signers: readonly [Signer, Signer]; readonly verifier: Verifier },
): void {
  describe(`signer: ${name}`, () => {
    const { signers, verifier } = make();
    const [alice, bob] = signers;

    const check = (signer: Signer, text: string): SignatureCheck => ({
      message: bytes(text),
      signature: signer.sign(bytes(text)),
      publicKey: signer.publicKey,
    });
    const verify = ({ message, signature, publicKey }: SignatureCheck): boolean =>
      verifier.verify(message, signature, publicKey);

    it('names the address of its public key', () => {
      expect(publicKeyOf(alice.ss58)).toEqual(alice.publicKey);
      expect(alice.ss58).not.toBe(bob.ss58);
    });

    it('signs 64 bytes that verify, and differ each time', () => {
      const [one, two] = [check(alice, 'm'), check(alice, 'm')];
      expect(one.signature.length).toBe(64);
      expect(one.signature).not.toEqual(two.signature);
      expect([verify(one), verify(two)]).toEqual([true, true]);
    });

    it('signs the empty message and long ones', () => {
      for (const length of [0, 1, 65_536, 1_000_000]) {
        const message = new Uint8Array(length).fill(7);
        const signature = alice.sign(message);
        expect(verifier.verify(message, signature, alice.publicKey)).toBe(true);
      }
    });

    it('refuses another message, another key, another signature', () => {
      const good = check(alice, 'm');
      expect(verify({ ...good, message: bytes('n') })).toBe(false);
      expect(verify({ ...good, publicKey: bob.publicKey })).toBe(false);
      expect(verify({ ...good, signature: check(alice, 'n').signature })).toBe(false);
    });

    it('answers malformed input with false, never by throwing', () => {
      const good = check(alice, 'm');
      for (const length of [0, 1, 31, 33, 63, 65, 128]) {
        expect(verify({ ...good, signature: new Uint8Array(length) })).toBe(false);
        expect(verify({ ...good, publicKey: new Uint8Array(length) })).toBe(false);
      }
      for (const filler of [0, 1, 255]) {
        expect(verify({ ...good, signature: new Uint8Array(64).fill(filler) })).toBe(false);
        expect(verify({ ...good, publicKey: new Uint8Array(32).fill(filler) })).toBe(false);
      }
    });

    it('gives one verdict per check, in order, whatever else is in the batch', () => {
      expect(verifier.verifyBatch([])).toEqual([]);
      const checks = Array.from({ length: 70 }, (_, at) => check(at % 3 ? alice : bob, `m${at}`));
      expect(verifier.verifyBatch(checks)).toEqual(checks.map(() => true));
      const spoiled = checks.map((one, at) => (at % 11 === 5 ? spoil(one, at) : one));
      expect(verifier.verifyBatch(spoiled)).toEqual(spoiled.map(verify));
      expect(spoiled.filter((one) => !verify(one)).length).toBe(6);
    });
  });
}

function spoil(check: SignatureCheck, kind: number): SignatureCheck {
  const signature = check.signature.slice();
  if (kind % 2 === 0) return { ...check, signature: signature.subarray(1) };
  signature[kind % 64] = (signature[kind % 64] ?? 0) ^ 0x04;
  return { ...check, signature };
}
