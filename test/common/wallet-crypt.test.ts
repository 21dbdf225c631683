import { createCipheriv, createHmac, pbkdf2Sync } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSubnetError } from '../../common/errors.ts';
import { fromHex, toHex } from '../../common/hex.ts';
import { fromBase64, toBase64 } from '../../common/keys/base64.ts';
import {
  decodePassword,
  encodePassword,
  passwordVariable,
} from '../../common/keys/env-password.ts';
import { equalBytes } from '../../common/keys/equal-bytes.ts';
import type { KeyDerivation } from '../../common/keys/key-derivation.ts';
import { nodeKeyDerivation } from '../../common/keys/key-derivation-node.ts';
import { decryptKeyfile, encryptKeyfile } from '../../common/keys/keyfile-crypt.ts';
import { naclDerivation, openNacl, sealNacl } from '../../common/keys/keyfile-nacl.ts';
import { passwordProblem } from '../../common/keys/password-policy.ts';
import vectors from '../vectors/wallet-encryption.json' with { type: 'json' };

const derivation = nodeKeyDerivation();
const utf8 = (text: string) => new TextEncoder().encode(text);
const file = '/w/coldkey';
const { password, plain } = vectors;

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'ok';
  } catch (error) {
    if (isSubnetError(error)) return error.code;
    throw error;
  }
}

/** The real derivations, each input once: the tests of tampering are about what comes after. */
function remembering(real: KeyDerivation): KeyDerivation {
  const known = new Map<string, Promise<Uint8Array>>();
  const once = (name: string, password: Uint8Array, derive: () => Promise<Uint8Array>) => {
    const key = `${name} ${toHex(password)}`;
    const found = known.get(key) ?? derive();
    known.set(key, found);
    return found.then((bytes) => bytes.slice());
  };
  return {
    argon2i: (input) => once('argon2i', input.password, () => real.argon2i(copy(input))),
    pbkdf2Sha256: (input) =>
      once(`${input.rounds} ${toHex(input.salt)}`, input.password, () =>
        real.pbkdf2Sha256(copy(input)),
      ),
    scrypt: (input) => once('scrypt', input.password, () => real.scrypt(copy(input))),
  };
}

// The caller wipes its password when it is done, which may be before the derivation began.
function copy<Input extends { readonly password: Uint8Array }>(input: Input): Input {
  return { ...input, password: input.password.slice() };
}

const remembered = remembering(derivation);
const decrypt = async (bytes: Uint8Array, typed = password) =>
  new TextDecoder().decode(await decryptKeyfile(remembered, { file, bytes }, typed));

describe('the derivations', () => {
  it('make the key of a $NACL file, off the main thread', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 20);
    const key = await derivation.argon2i(naclDerivation(utf8(password)));
    clearInterval(timer);
    expect(toHex(key)).toBe(vectors.naclKey);
    expect(turns).toBeGreaterThan(3);
  }, 180_000);

  it('say when the memory does not suffice', async () => {
    const small = nodeKeyDerivation({ memoryLimit: 256 * 1024 * 1024 });
    expect(await codeOf(() => small.argon2i(naclDerivation(utf8(password))))).toBe(
      'KEYFILE_MEMORY',
    );
    const huge = { ...naclDerivation(utf8(password)), memoryBytes: 2 ** 42 };
    expect(await codeOf(() => derivation.argon2i(huge))).toBe('KEYFILE_MEMORY');
  });
});

describe('a person who does not wait', () => {
  it('ends the worker at once, and gets no key', async () => {
    const stop = new AbortController();
    const waiting = nodeKeyDerivation({ signal: stop.signal });
    const slow = { ...naclDerivation(utf8(password)), passes: 2 ** 20 };
    const asked = codeOf(() => waiting.argon2i(slow));
    const workers = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort');
    const before = workers().length;
    stop.abort();
    expect(await asked).toBe('CANCELLED');
    expect(workers().length).toBeLessThan(before);
    expect(await codeOf(() => waiting.argon2i(slow))).toBe('CANCELLED');
  }, 180_000);

  it.each(['pbkdf2Sha256', 'scrypt'] as const)('%s gives no key either', async (name) => {
    const waiting = nodeKeyDerivation({ signal: AbortSignal.abort() });
    const salt = new Uint8Array(16);
    const input = { password: utf8(password), salt, length: 32, rounds: 10 };
    const work = () => waiting[name]({ ...input, cost: 16, blockSize: 8, parallel: 1 });
    expect(await codeOf(work)).toBe('CANCELLED');
  });
});

describe('encrypted key files', () => {
  it.each(vectors.files)(
    'opens $name',
    async ({ bytes }) => {
      expect(JSON.parse(await decrypt(fromHex(bytes) ?? new Uint8Array()))).toEqual(plain);
    },
    180_000,
  );

  it('opens what it sealed', async () => {
    const text = utf8(JSON.stringify(plain));
    const sealed = await encryptKeyfile(remembered, text, password, new Uint8Array(24).fill(7));
    expect(new TextDecoder().decode(sealed.slice(0, 5))).toBe('$NACL');
    expect(JSON.parse(await decrypt(sealed))).toEqual(plain);
  }, 180_000);

  it.each(vectors.files)(
    'refuses $name changed anywhere, cut, or with another password',
    async ({ bytes }) => {
      const whole = fromHex(bytes) ?? new Uint8Array();
      const start = new TextDecoder().decode(whole).startsWith('$ANSIBLE') ? 28 : 8;
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: start, max: whole.length - 1 }),
          fc.integer({ min: 1, max: 255 }),
          async (at, flip) => {
            const changed = whole.slice();
            changed[at] = (changed[at] ?? 0) ^ flip;
            const same =
              new TextDecoder().decode(changed).trim() === new TextDecoder().decode(whole).trim();
            fc.pre(!same && !isSameText(whole, at, flip));
            expect(await codeOf(() => decrypt(changed))).toBe('KEYFILE_PASSWORD');
            expect(await codeOf(() => decrypt(whole.slice(0, at)))).toBe('KEYFILE_PASSWORD');
          },
        ),
        { numRuns: 60, seed: 5 },
      );
      expect(await codeOf(() => decrypt(whole, `${password}x`))).toBe('KEYFILE_PASSWORD');
    },
    180_000,
  );

  it('opens an Ansible vault with a label, and refuses one of another version', async () => {
    const vault = (header: string) => utf8(`${header}\n${ansibleBody(JSON.stringify(plain))}`);
    expect(JSON.parse(await decrypt(vault('$ANSIBLE_VAULT;1.2;AES256;btw')))).toEqual(plain);
    expect(await codeOf(() => decrypt(vault('$ANSIBLE_VAULT;2.0;AES256')))).toBe(
      'KEYFILE_PASSWORD',
    );
    expect(await codeOf(() => decrypt(utf8('$ANSIBLE_VAULT;1.1;AES256\nzz')))).toBe(
      'KEYFILE_PASSWORD',
    );
  });

  it('round-trips any text under any key and nonce', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes(32), bytes(24), (text, key, nonce) => {
        const sealed = sealNacl(text, key, nonce);
        expect(openNacl(sealed, key)).toEqual(text);
        const other = key.slice();
        other[0] = (other[0] ?? 0) ^ 1;
        expect(openNacl(sealed, other)).toBeUndefined();
      }),
      { numRuns: 50, seed: 3 },
    );
  });
});

// Hex in the other case, and the bits of base64 that stand for nothing, are the same file.
function isSameText(whole: Uint8Array, at: number, flip: number): boolean {
  const text = new TextDecoder().decode(whole.slice(0, 2));
  if (text === '$A') {
    const before = String.fromCharCode(whole[at] ?? 0);
    const after = String.fromCharCode((whole[at] ?? 0) ^ flip);
    return before.toLowerCase() === after.toLowerCase() || (/\s/.test(before) && /\s/.test(after));
  }
  return text === 'gA' && at >= whole.length - 4;
}

function ansibleBody(text: string): string {
  const salt = Buffer.alloc(32, 9);
  const key = pbkdf2Sync(password, salt, 10_000, 80, 'sha256');
  const pad = 16 - (text.length % 16);
  const cipher = createCipheriv('aes-256-ctr', key.subarray(0, 32), key.subarray(64));
  const sealed = cipher.update(Buffer.from(text + String.fromCharCode(pad).repeat(pad)));
  const mac = createHmac('sha256', key.subarray(32, 64)).update(sealed).digest('hex');
  const inner = [salt.toString('hex'), mac, sealed.toString('hex')].join('\n');
  return (
    Buffer.from(inner)
      .toString('hex')
      .match(/.{1,80}/g)
      ?.join('\n') ?? ''
  );
}

describe('passwords in the environment', () => {
  it('follow the Bittensor wallets in name and value', () => {
    const { path, variable, value } = vectors.environment;
    expect(passwordVariable(path)).toBe(variable);
    expect(encodePassword(variable, password)).toBe(value);
    expect(decodePassword(variable, value)).toBe(password);
  });

  it('keep hyphens in the name', () => {
    expect(passwordVariable('/a-b/c.d')).toBe('BT_PW__A-B_C_D');
  });

  it.each(['hunter22', 'correct horse', 'Throw-Away-Passw0rd!', '', 'abc', '===='])(
    'take the raw password %j for no encoded one',
    (raw) => {
      expect(decodePassword(vectors.environment.variable, raw)).toBeUndefined();
    },
  );

  it('round-trip', () => {
    const texts = fc.string({ minLength: 1 }).filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(texts, fc.string({ minLength: 1 }), (text, path) => {
        const variable = passwordVariable(path);
        expect(decodePassword(variable, encodePassword(variable, text))).toBe(
          new TextDecoder().decode(utf8(text)),
        );
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});

describe('small parts', () => {
  it('base64 agrees with Node', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      }),
      { seed: 2 },
    );
    expect(['a', 'ab=', 'a===', 'ab-_', 'aa==aa=='].map(fromBase64)).toEqual(
      Array(5).fill(undefined),
    );
  });

  it('compares bytes', () => {
    expect(equalBytes(utf8('ab'), utf8('ab'))).toBe(true);
    expect(equalBytes(utf8('ab'), utf8('ac'))).toBe(false);
    expect(equalBytes(utf8('ab'), utf8('abc'))).toBe(false);
  });

  it.each([
    ['short', true],
    ['aaaaaaaaaa', true],
    ['123456', true],
    ['121212121212', true],
    ['Throw-Away-Passw0rd!', false],
    ['correct horse', false],
  ])('finds %s too weak: %s', (typed, weak) => {
    expect(passwordProblem(typed) !== undefined).toBe(weak);
  });
});
