import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ml_kem768 as mlKem } from '@noble/post-quantum/ml-kem.js';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../chain/bytes.ts';
import { ChainState } from '../../chain/chain-state.ts';
import type { Hex } from '../../chain/chain-state.ts';
import type { BlockTime } from '../../chain/dev-node.ts';
import { BlockKey, createShield } from '../../chain/shield.ts';
import { ByteReader, byteVec, compact, concat, littleEndian } from '../../common/scale-bytes.ts';

/** Storage version of the pallet: twox_128("MevShield"), twox_128(":__STORAGE_VERSION__:"). */
const palletKey: Hex = '0x9e94fc9ecf3c8d51c7baba39080fb4334e7b9012096b41c4eb3aaf947f6ea429';
const modern = new ChainState([[palletKey, '0x0000']]);
const inner: Hex = toHex(byteVec(new Uint8Array(130).fill(5)));
const slow = 12_000;

const timeOf = (number: number, blockTimeMs = slow): BlockTime => ({
  number,
  nowMs: number * blockTimeMs,
  blockTimeMs,
  hurried: false,
});

interface Parts {
  readonly hash: Uint8Array;
  readonly encapsulated: Uint8Array;
  readonly sealed: Uint8Array;
}

/** What a client makes with the key that block `number` announced. */
function partsFor(number: number, plain = fromHex(inner) ?? new Uint8Array()): Parts {
  const { publicKey, hash } = new BlockKey(number);
  const { cipherText, sharedSecret } = mlKem.encapsulate(publicKey, new Uint8Array(32).fill(3));
  const sealed = xchacha20poly1305(sharedSecret, nonce).encrypt(plain);
  return { hash: fromHex(hash) ?? new Uint8Array(), encapsulated: cipherText, sealed };
}

const nonce = new Uint8Array(24).fill(9);

function carrier({ hash, encapsulated, sealed }: Parts, call = [30, 1]): Hex {
  const length = littleEndian(BigInt(encapsulated.length), 2);
  const ciphertext = concat(hash, length, encapsulated, nonce, sealed);
  const body = concat(
    Uint8Array.of(0x84, 0, ...new Uint8Array(32).fill(1), 1, ...new Uint8Array(64)),
    Uint8Array.of(0x12, 0x00),
    compact(70),
    compact(0),
    Uint8Array.of(0, ...call),
    byteVec(ciphertext),
  );
  return toHex(byteVec(body));
}

/** Numbers of the blocks, up to 40, that open what is encrypted to the key of block 10. */
function openingBlocks(blockTimeMs: number): readonly number[] {
  const shield = createShield();
  const sent = carrier(partsFor(10));
  const blocks = Array.from({ length: 40 }, (_, at) => at + 1);
  return blocks.filter((number) => shield.unfold(sent, timeOf(number, blockTimeMs)) !== null);
}

describe('the encrypted mempool of the development chain', () => {
  it('announces a key of its own with each block, the same after a restart', () => {
    const [first] = createShield().announcements(modern, timeOf(1));
    const [second] = createShield().announcements(modern, timeOf(2));
    expect(createShield().announcements(modern, timeOf(1))).toEqual([first]);
    expect(second).not.toBe(first);
    const body = new ByteReader(new ByteReader(fromHex(first ?? '0x') ?? new Uint8Array()).bytes());
    expect([...body.take(4)]).toEqual([4, 30, 0, 1]);
    expect(body.bytes()).toEqual(new BlockKey(1).publicKey);
    expect(body.left).toBe(0);
  });

  it('announces nothing to a runtime without the pallet', () => {
    expect(createShield().announcements(new ChainState([]), timeOf(1))).toEqual([]);
  });

  it('puts what a carrier holds behind it', () => {
    const sent = carrier(partsFor(10));
    expect(createShield().unfold(sent, timeOf(13))).toEqual([sent, inner]);
  });

  it('opens in one block on a chain with the real blocks, in several where they are shorter', () => {
    expect(openingBlocks(12_000)).toEqual([13]);
    expect(openingBlocks(6000)).toEqual([13, 14]);
    expect(openingBlocks(250)).toEqual(Array.from({ length: 16 }, (_, at) => 13 + at));
  });

  it('leaves a carrier for a key that it does not hold in the pool', () => {
    const foreign = { ...partsFor(10), hash: new Uint8Array(16).fill(255) };
    expect(createShield().unfold(carrier(foreign), timeOf(13, 250))).toBeNull();
  });

  it.each([
    ['was changed on the way', { sealed: new Uint8Array(150) }],
    ['is too short for its seal', { sealed: Uint8Array.of(1) }],
    ['is for another secret', { encapsulated: partsFor(11).encapsulated }],
    ['has a key of another length', { encapsulated: new Uint8Array(40) }],
    ['holds nothing', partsFor(10, new Uint8Array())],
    ['holds less than it says', partsFor(10, Uint8Array.of(200, 1, 1))],
  ])('leaves a carrier alone that %s', (_, changed) => {
    const sent = carrier({ ...partsFor(10), ...changed });
    expect(createShield().unfold(sent, timeOf(13))).toEqual([sent]);
  });

  it('leaves out what stands behind an extrinsic, as a decoder of the runtime does', () => {
    const sent = carrier(partsFor(10, concat(fromHex(inner) ?? nonce, Uint8Array.of(1, 2))));
    expect(createShield().unfold(sent, timeOf(13))).toEqual([sent, inner]);
  });

  it.each([
    ['another call of the pallet', carrier(partsFor(10), [30, 2])],
    ['a call of another pallet', carrier(partsFor(10), [7, 1])],
    ['an unsigned one', '0x0c041e01' as const],
    ['what is no extrinsic', '0x' as const],
  ])('takes %s for what it is', (_, extrinsic) => {
    expect(createShield().unfold(extrinsic, timeOf(13))).toEqual([extrinsic]);
  });
});
