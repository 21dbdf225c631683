import { readFileSync } from 'node:fs';
import { sr25519PairFromSeed, sr25519Sign, sr25519Verify } from '@polkadot/util-crypto';
import { cryptoWaitReady, sr25519DeriveHard, sr25519DeriveSoft } from '@polkadot/util-crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fromHex } from '../../common/hex.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { packagePath } from '../../common/node/package-root.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import type { Sr25519 } from '../../common/keys/sr25519.ts';
import type { SignatureCheck } from '../../common/signer-port.ts';
import { decodeSs58 } from '../../common/keys/ss58.ts';
import { signerContract } from '../contract/signer-contract.ts';
import { seededBytes } from './seeded-bytes.ts';
import vectors from '../vectors/wallet.json' with { type: 'json' };

const sr25519 = loadSr25519();
const rounds = 40;
const groupOrder = (1n << 252n) + 27742317777372353535851937790883648493n;

signerContract('WASM over a key in memory', () => ({
  signers: [signerFromSuri(sr25519, '//Alice'), signerFromSuri(sr25519, '//Bob')],
  verifier: sr25519,
}));

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function toLittleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

/** The scalar in the form that other JavaScript libraries hold: times the cofactor, eight. */
function expandedForm(keypair: Uint8Array): Uint8Array {
  const secret = keypair.slice(0, 64);
  secret.set(toLittleEndian(littleEndian(secret.subarray(0, 32)) * 8n));
  return secret;
}

describe('sr25519 against @polkadot/util-crypto', () => {
  beforeAll(() => cryptoWaitReady());

  it('expands mini secrets to the same keys', () => {
    for (let at = 0; at < rounds; at += 1) {
      const seed = seededBytes(`mini ${at}`, 32);
      const theirs = sr25519PairFromSeed(seed);
      const ours = sr25519.keypairFromMiniSecret(seed);
      expect(ours.slice(64)).toEqual(theirs.publicKey);
      expect(expandedForm(ours)).toEqual(theirs.secretKey);
    }
  });

  it('verifies theirs, and they verify ours, for messages of every size', () => {
    for (let at = 0; at < rounds; at += 1) {
      const pair = sr25519PairFromSeed(seededBytes(`pair ${at}`, 32));
      const ours = sr25519.keypairFromMiniSecret(seededBytes(`pair ${at}`, 32));
      const message = seededBytes(`message ${at}`, at * at);
      const theirSignature = sr25519Sign(message, pair);
      const ourSignature = sr25519.sign(ours, message);
      expect(sr25519.verify(message, theirSignature, pair.publicKey)).toBe(true);
      expect(sr25519Verify(message, ourSignature, pair.publicKey)).toBe(true);
    }
  });

  it('says the same of signatures and keys with one bit changed', () => {
    const seed = seededBytes('bits', 32);
    const pair = sr25519PairFromSeed(seed);
    const message = seededBytes('bits message', 100);
    const signature = sr25519Sign(message, pair);
    for (let bit = 0; bit < 512; bit += 7) {
      const bad = signature.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sr25519.verify(message, bad, pair.publicKey)).toBe(false);
      expect(safely(() => sr25519Verify(message, bad, pair.publicKey))).toBe(false);
    }
  });

  it('derives the same hard children, and soft children with the same address', () => {
    for (let at = 0; at < rounds; at += 1) {
      const seed = seededBytes(`parent ${at}`, 32);
      const chainCode = seededBytes(`chain code ${at}`, 32);
      const theirs = sr25519PairFromSeed(seed);
      const ours = sr25519.keypairFromMiniSecret(seed);
      const hard = sr25519.deriveHard(ours, chainCode);
      expect(hard.keypair.slice(64)).toEqual(sr25519DeriveHard(theirs, chainCode).publicKey);
      expect(sr25519.keypairFromMiniSecret(hard.miniSecret)).toEqual(hard.keypair);
      const soft = sr25519.deriveSoft(ours, chainCode);
      expect(soft.slice(64)).toEqual(sr25519DeriveSoft(theirs, chainCode).publicKey);
      const message = seededBytes('soft', 10);
      expect(sr25519.verify(message, sr25519.sign(soft, message), soft.slice(64))).toBe(true);
    }
  });
});

/** A check as it comes, and what is changed in it: one bit of the signature, key or message. */
interface Draft {
  readonly signer: number;
  readonly text: number;
  readonly flip?: { readonly part: 'message' | 'signature' | 'publicKey'; readonly bit: number };
}

const drafts: fc.Arbitrary<readonly Draft[]> = fc.array(
  fc.record(
    {
      signer: fc.nat(2),
      text: fc.nat(400),
      flip: fc.record({
        part: fc.constantFrom('message', 'signature', 'publicKey'),
        bit: fc.nat(511),
      }),
    },
    { requiredKeys: ['signer', 'text'] },
  ),
  { maxLength: 9 },
);

describe('keys that come often', () => {
  const pairs = [0, 1, 2].map((at) =>
    sr25519.keypairFromMiniSecret(seededBytes(`often ${at}`, 32)),
  );
  const kept = loadSr25519();
  beforeAll(() => cryptoWaitReady());

  it('are judged as @polkadot/util-crypto judges them, alone and in any batch', () => {
    fc.assert(
      fc.property(drafts, (batch) => {
        const checks = batch.map(toCheck);
        const theirs = checks.map(({ message, signature, publicKey }) =>
          safely(() => sr25519Verify(message, signature, publicKey)),
        );
        expect(kept.verifyBatch(checks)).toEqual(theirs);
        expect(checks.map((check) => verifyAlone(check))).toEqual(theirs);
      }),
      { numRuns: 40 },
    );
  });

  it('keep their verdicts when more keys come than are remembered', () => {
    const crowd = Array.from({ length: 330 }, (_, at) => crowdMember(at));
    for (let round = 0; round < 5; round += 1) {
      expect(kept.verifyBatch(crowd)).toEqual(crowd.map((_, at) => at % 7 !== 3));
    }
  });

  function toCheck({ signer, text, flip }: Draft): SignatureCheck {
    const pair = pairs[signer] ?? new Uint8Array();
    const message = seededBytes(`often text ${text}`, 1 + text);
    const check = { message, signature: sr25519.sign(pair, message), publicKey: pair.slice(64) };
    if (flip === undefined) return check;
    const bytes = check[flip.part];
    const bit = flip.bit % (bytes.length * 8);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return check;
  }

  function verifyAlone({ message, signature, publicKey }: SignatureCheck): boolean {
    return kept.verify(message, signature, publicKey);
  }

  function crowdMember(at: number): SignatureCheck {
    const pair = sr25519.keypairFromMiniSecret(seededBytes(`crowd ${at}`, 32));
    const message = seededBytes(`crowd text ${at}`, 100);
    const signature = sr25519.sign(pair, message);
    if (at % 7 === 3) signature[33] = (signature[33] ?? 0) ^ 1;
    return { message, signature, publicKey: pair.slice(64) };
  }
});

function safely(act: () => boolean): boolean {
  try {
    return act();
  } catch {
    return false;
  }
}

describe('sr25519', () => {
  const keypair = sr25519.keypairFromMiniSecret(seededBytes('key', 32));
  const publicKey = keypair.slice(64);
  const message = seededBytes('text', 50);

  it.each(vectors.signatures)('verifies what the Bittensor SDK signed: $name', (vector) => {
    const signer = decodeSs58(vector.signer)?.publicKey ?? new Uint8Array();
    const signature = fromHex(vector.signature) ?? new Uint8Array();
    const text = new TextEncoder().encode(vector.message);
    expect(sr25519.verify(text, signature, signer)).toBe(true);
    expect(sr25519.verifyBatch([{ message: text, signature, publicKey: signer }])).toEqual([true]);
  });

  it('reads the 64 bytes of a keyfile, and not those of another library', () => {
    expect(sr25519.keypairFromSecret(keypair.slice(0, 64))).toEqual(keypair);
    expect(sr25519.keypairFromSecret(expandedForm(keypair))).toBeUndefined();
  });

  it('refuses a scalar that is zero or not reduced', () => {
    const secret = keypair.slice(0, 64);
    secret.set(toLittleEndian(littleEndian(secret.subarray(0, 32)) + groupOrder));
    expect(sr25519.keypairFromSecret(secret)).toBeUndefined();
    expect(sr25519.keypairFromSecret(new Uint8Array(64))).toBeUndefined();
    expect(sr25519.keypairFromSecret(new Uint8Array(64).fill(255))).toBeUndefined();
  });

  it('refuses a signature in its second spelling: s plus the group order', () => {
    const signature = sr25519.sign(keypair, message);
    const half = signature.slice(32);
    half[31] = (half[31] ?? 0) & 0x7f;
    const spelled = toLittleEndian(littleEndian(half) + groupOrder);
    spelled[31] = (spelled[31] ?? 0) | 0x80;
    const twin = signature.slice();
    twin.set(spelled, 32);
    expect(sr25519.verify(message, twin, publicKey)).toBe(false);
    expect(sr25519.verifyBatch([check(twin), check(signature)])).toEqual([false, true]);
  });

  it('refuses a signature without the schnorrkel mark', () => {
    const signature = sr25519.sign(keypair, message);
    signature[63] = (signature[63] ?? 0) & 0x7f;
    expect(sr25519.verify(message, signature, publicKey)).toBe(false);
  });

  it('refuses the identity as key, under which anyone can sign', () => {
    const forged = new Uint8Array(64);
    forged.set(publicKey);
    forged.set(keypair.subarray(0, 32), 32);
    forged[63] = (forged[63] ?? 0) | 0x80;
    const claim = { message, signature: forged, publicKey: new Uint8Array(32) };
    expect(sr25519.verify(message, forged, claim.publicKey)).toBe(false);
    expect(sr25519.verifyBatch([claim, claim])).toEqual([false, false]);
  });

  it('does not let two wrong signatures cancel each other in a batch', () => {
    const first = shiftS(sr25519.sign(keypair, message), 1n);
    const second = shiftS(sr25519.sign(keypair, message), -1n);
    expect(sr25519.verifyBatch([check(first), check(second)])).toEqual([false, false]);
  });

  it('throws on secrets of a wrong length: a fault of the caller', () => {
    expect(() => sr25519.keypairFromMiniSecret(new Uint8Array(31))).toThrow(RangeError);
    expect(() => sr25519.keypairFromSecret(new Uint8Array(32))).toThrow(RangeError);
    expect(() => sr25519.sign(new Uint8Array(64), message)).toThrow(RangeError);
    expect(() => sr25519.deriveHard(keypair, new Uint8Array(31))).toThrow(RangeError);
  });

  function check(signature: Uint8Array) {
    return { message, signature, publicKey };
  }
});

function shiftS(signature: Uint8Array, by: bigint): Uint8Array {
  const half = signature.slice(32);
  half[31] = (half[31] ?? 0) & 0x7f;
  const shifted = toLittleEndian((littleEndian(half) + by + groupOrder) % groupOrder);
  shifted[31] = (shifted[31] ?? 0) | 0x80;
  const out = signature.slice();
  out.set(shifted, 32);
  return out;
}

describe('the memory of the WASM instance', () => {
  const parent = sr25519.keypairFromMiniSecret(seededBytes('parent', 32));
  const code = seededBytes('code', 32);
  const hard = sr25519.deriveHard(parent, code);
  const uses: Readonly<Record<string, (instance: Sr25519) => unknown>> = {
    keypairFromMiniSecret: (instance) => instance.keypairFromMiniSecret(seededBytes('parent', 32)),
    keypairFromSecret: (instance) => instance.keypairFromSecret(parent.slice(0, 64)),
    deriveHard: (instance) => instance.deriveHard(parent, code),
    deriveSoft: (instance) => instance.deriveSoft(parent, code),
    sign: (instance) => instance.sign(parent, seededBytes('text', 50_000)),
  };

  it.each(Object.keys(uses))('holds no piece of a secret after %s', (name) => {
    const { instance, memories } = spyOnMemory();
    uses[name]?.(instance);
    const [memory] = memories();
    expect(memory?.length).toBeGreaterThan(65_536);
    const secrets = [seededBytes('parent', 32), parent, hard.miniSecret, hard.keypair];
    const found = secrets.flatMap((secret) => pieces(secret.subarray(0, 64), memory));
    expect(found).toEqual([]);
  });

  it('would show one: the signature that was checked last stands there', () => {
    const { instance, memories } = spyOnMemory();
    const message = seededBytes('text', 20);
    const signature = instance.sign(parent, message);
    instance.verify(message, signature, parent.slice(64));
    const [memory] = memories();
    expect(pieces(signature, memory)).toHaveLength(8);
  });
});

/** Where eight bytes of the secret, from any multiple of eight on, stand in memory. */
function pieces(secret: Uint8Array, memory = new Uint8Array()): number[] {
  const starts = Array.from({ length: secret.length / 8 }, (_, at) => at * 8);
  const found = starts.map((at) => Buffer.from(memory.buffer).indexOf(secret.slice(at, at + 8)));
  return found.filter((at) => at >= 0);
}

interface Engine {
  Instance: new (module: object) => object;
}

/** An instance whose memory can be looked at: the engine's constructor is watched once. */
function spyOnMemory() {
  const engine = Reflect.get(globalThis, 'WebAssembly') as Engine;
  const Original = engine.Instance;
  const instances: { exports: { memory: { buffer: ArrayBuffer } } }[] = [];
  engine.Instance = class extends Original {
    constructor(module: object) {
      super(module);
      instances.push(this as unknown as (typeof instances)[number]);
    }
  };
  try {
    const wasm = Uint8Array.from(readFileSync(packagePath('native', 'sr25519', 'sr25519.wasm')));
    const instance = loadSr25519({ wasm });
    return {
      instance,
      memories: () => instances.map((one) => new Uint8Array(one.exports.memory.buffer)),
    };
  } finally {
    engine.Instance = Original;
  }
}

/** A crate with little memory, in an engine that counts `verify` and may have room for no other. */
function watchedCrate() {
  const global = Reflect.get(globalThis, 'WebAssembly') as Engine;
  const Original = global.Instance;
  const engine = { isFull: false, verified: 0, restore: () => void (global.Instance = Original) };
  global.Instance = class extends Original {
    constructor(module: object) {
      super(module);
      if (engine.isFull) throw new RangeError('WebAssembly.Instance(): Out of memory');
      const { exports } = this as unknown as { exports: { verify: (...at: number[]) => number } };
      const verify = (...at: number[]): number => {
        engine.verified += 1;
        return exports.verify(...at);
      };
      Object.defineProperty(this, 'exports', { value: { ...exports, verify } });
    }
  };
  return { bounded: loadSr25519({ wasm: crateWithin(8) }), engine };
}

/** The crate in a memory of so many pages at most, which the tables of many keys exceed. */
function crateWithin(pages: number): Uint8Array<ArrayBuffer> {
  const wasm = readFileSync(packagePath('native', 'sr25519', 'sr25519.wasm'));
  // The memory section: number 5, three bytes; one memory, without a maximum, of two pages.
  const at = wasm.indexOf(Uint8Array.of(5, 3, 1, 0, 2));
  expect(at).toBeGreaterThan(0);
  const bounded = Uint8Array.of(5, 4, 1, 1, 2, pages);
  return Uint8Array.from([...wasm.subarray(0, at), ...bounded, ...wasm.subarray(at + 5)]);
}

describe('an instance that runs out of memory', () => {
  it('traps, is started anew, and goes on with right answers', () => {
    const bounded = loadSr25519({ wasm: crateWithin(8) });
    const checks = Array.from({ length: 64 }, (_, at): SignatureCheck => {
      const keypair = sr25519.keypairFromMiniSecret(seededBytes(`key ${at}`, 32));
      const message = seededBytes(`text ${at}`, 40);
      const signature = sr25519.sign(keypair, message);
      return { message, signature, publicKey: keypair.slice(64) };
    });
    const forged = { ...checks[0], message: seededBytes('other', 40) } as SignatureCheck;
    for (let round = 0; round < 12; round += 1) {
      expect(bounded.verifyBatch(checks)).toEqual(checks.map(() => true));
      expect(bounded.verify(forged.message, forged.signature, forged.publicKey)).toBe(false);
    }
  });

  it('takes nothing for true when it cannot be started anew, and goes on when it can', () => {
    const { bounded, engine } = watchedCrate();
    onTestFinished(engine.restore);
    const checks = Array.from({ length: 64 }, (_, at): SignatureCheck => {
      const keypair = sr25519.keypairFromMiniSecret(seededBytes(`key ${at}`, 32));
      const message = seededBytes(`text ${at}`, 40);
      return { message, signature: sr25519.sign(keypair, message), publicKey: keypair.slice(64) };
    });
    const [good] = checks;
    if (good === undefined) throw new Error('no check');
    const verify = (message: Uint8Array): boolean =>
      bounded.verify(message, good.signature, good.publicKey);
    engine.isFull = true;
    expect(() => {
      for (let round = 0; round < 12; round += 1) bounded.verifyBatch(checks);
    }).toThrow('Out of memory');
    for (const message of [good.message, seededBytes('other', 40)]) {
      expect(() => verify(message)).toThrow('Out of memory');
    }
    expect(engine.verified).toBe(0);
    engine.isFull = false;
    expect([verify(good.message), verify(seededBytes('other', 40))]).toEqual([true, false]);
    expect(engine.verified).toBe(2);
  });

  it('says so of a message that does not fit, and signs the next', () => {
    const bounded = loadSr25519({ wasm: crateWithin(8) });
    const keypair = sr25519.keypairFromMiniSecret(seededBytes('key', 32));
    const sign = (length: number) => bounded.sign(keypair, new Uint8Array(length));
    expect(() => sign(4_000_000)).toThrow('does not fit');
    const signature = sign(40);
    expect(sr25519.verify(new Uint8Array(40), signature, keypair.slice(64))).toBe(true);
  });

  it('is not begun for a list in which nothing has the lengths of a signature', () => {
    const short = {
      message: new Uint8Array(),
      signature: new Uint8Array(3),
      publicKey: new Uint8Array(32),
    };
    expect(loadSr25519().verifyBatch([short, short])).toEqual([false, false]);
    expect(loadSr25519().verifyBatch([])).toEqual([]);
  });
});
