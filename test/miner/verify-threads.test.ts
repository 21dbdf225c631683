import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import type { SignatureCheck } from '../../common/signer-port.ts';
import { packChecks, unpackChecks } from '../../miner/gate/verify-frames.ts';
import { createVerifyQueue } from '../../miner/gate/verify-queue.ts';
import type { VerifyThreads } from '../../miner/gate/verify-queue.ts';
import { startVerifyThreads } from '../../miner/gate/verify-threads.ts';
import type { RunningVerifyThreads } from '../../miner/gate/verify-threads.ts';
import { createLogger } from '../../common/node/log.ts';
import { platform, sr25519, validator } from './rig.ts';

function check(text: string, good = true): SignatureCheck {
  const message = new TextEncoder().encode(text);
  const signature = validator.sign(good ? message : new TextEncoder().encode(`${text}?`));
  return { message, signature, publicKey: validator.publicKey };
}

const log = createLogger({ level: 'silent' });

describe('signature checks as bytes', () => {
  it('come out as they went in', () => {
    const one = fc.record({
      message: fc.uint8Array({ maxLength: 300 }),
      publicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), (checks) => {
        const packed = packChecks(checks) ?? new Uint8Array();
        expect(unpackChecks(packed).map(plain)).toEqual(checks.map(plain));
      }),
    );
  });

  it('are not packed when a key or a signature has another length', () => {
    const good = check('a');
    expect(packChecks([good, { ...good, publicKey: new Uint8Array(31) }])).toBeNull();
    expect(packChecks([{ ...good, signature: new Uint8Array(65) }])).toBeNull();
  });
});

function plain({ message, publicKey, signature }: SignatureCheck): readonly number[][] {
  return [[...message], [...publicKey], [...signature]];
}

describe('threads that verify', () => {
  let threads: RunningVerifyThreads;
  beforeAll(async () => {
    threads = startVerifyThreads(1, log);
    await until(() => threads.isFree());
  });
  afterAll(() => threads.close());

  it('give the verdicts of the event loop', async () => {
    const checks = [true, false, true, true, false].map((good, at) => check(`text ${at}`, good));
    expect(await threads.verifyBatch(checks)).toEqual(sr25519.verifyBatch(checks));
  });

  it('take one batch at a time and hand the next back', async () => {
    const first = threads.verifyBatch([check('a'), check('b')]);
    expect(threads.isFree()).toBe(false);
    expect(await threads.verifyBatch([check('c')])).toBeNull();
    expect(await first).toEqual([true, true]);
    expect(threads.isFree()).toBe(true);
  });

  it('leave nothing unanswered when they end', async () => {
    const dying = startVerifyThreads(1, log);
    await until(() => dying.isFree());
    const verdicts = dying.verifyBatch(Array.from({ length: 32 }, (_, at) => check(`text ${at}`)));
    await dying.close();
    expect([null, true]).toContain((await verdicts)?.every(Boolean) ?? null);
    expect(dying.isFree()).toBe(false);
  });
});

describe('the queue with threads', () => {
  const wanted = [true, false, true, true];

  async function verdicts(threads: VerifyThreads): Promise<readonly (boolean | null)[]> {
    const { verify } = createVerifyQueue({
      verifier: sr25519,
      threads,
      clock: platform.clock,
      defer: setImmediate,
      onBatch: () => undefined,
      log,
    });
    return Promise.all(wanted.map((good, at) => verify(check(`message ${at}`, good))));
  }

  it('uses them for many', async () => {
    const seen: number[] = [];
    const threads: VerifyThreads = {
      isFree: () => true,
      verifyBatch: (checks) => {
        seen.push(checks.length);
        return Promise.resolve(sr25519.verifyBatch(checks));
      },
    };
    expect(await verdicts(threads)).toEqual(wanted);
    expect(seen).toEqual([4]);
  });

  it('verifies itself what a dead thread gives back, and what could not be handed over', async () => {
    const dead: VerifyThreads = { isFree: () => true, verifyBatch: () => Promise.resolve(null) };
    expect(await verdicts(dead)).toEqual(wanted);
    const full = () => Promise.reject(new RangeError('Array buffer allocation failed'));
    expect(await verdicts({ isFree: () => true, verifyBatch: full })).toEqual(wanted);
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
