import { describe, expect, it } from 'vitest';
import { createLogger } from '../../common/node/log.ts';
import type { SignatureCheck, Verifier } from '../../common/signer-port.ts';
import { createVerifyQueue } from '../../miner/gate/verify-queue.ts';
import { createManualPlatform } from '../fakes/manual-platform.ts';
import { infer, sr25519, startRig, validator } from './rig.ts';

function queue(verifier: Verifier = sr25519): {
  verify: (check: SignatureCheck) => Promise<boolean | null>;
  turn: () => void;
  batches: number[];
  logLines: string[];
} {
  const due: (() => void)[] = [];
  const batches: number[] = [];
  const logLines: string[] = [];
  const { verify } = createVerifyQueue({
    verifier,
    log: createLogger({ format: 'json', write: (line) => logLines.push(line) }),
    clock: createManualPlatform().clock,
    defer: (run) => void due.push(run),
    onBatch: (signatures) => void batches.push(signatures),
  });
  const turn = (): void => {
    for (const run of due.splice(0)) run();
  };
  return { verify: (check) => verify(check), turn, batches, logLines };
}

function check(text: string, good = true): SignatureCheck {
  const message = new TextEncoder().encode(text);
  const signature = validator.sign(good ? message : new TextEncoder().encode(`${text}?`));
  return { message, signature, publicKey: validator.publicKey };
}

describe('the queue of signatures', () => {
  it('verifies together what came in one turn; a bad one changes no other verdict', async () => {
    const { verify, turn, batches } = queue();
    const wanted = [true, false, true, true];
    const verdicts = wanted.map((good, at) => verify(check(`message ${at}`, good)));
    turn();
    expect(await Promise.all(verdicts)).toEqual(wanted);
    expect(batches).toEqual([4]);
  });

  it('splits what is too much for one turn', async () => {
    const { verify, turn, batches } = queue();
    const verdicts = Array.from({ length: 70 }, (_, at) => verify(check(`message ${at}`)));
    for (let at = 0; at < 3; at += 1) turn();
    expect((await Promise.all(verdicts)).every(Boolean)).toBe(true);
    expect(batches).toEqual([32, 32, 6]);
  });

  it('answers malformed input with false', async () => {
    const { verify, turn } = queue();
    const empty = new Uint8Array();
    const verdict = verify({ message: empty, signature: empty, publicKey: empty });
    turn();
    expect(await verdict).toBe(false);
  });

  it('says so when the verifier cannot go on, once, and goes on when it can again', async () => {
    const failing = failingVerifier();
    const { verify, turn, logLines } = queue(failing.verifier);
    const ask = (text: string): Promise<boolean | null> => {
      const verdict = verify(check(text));
      turn();
      return verdict;
    };
    failing.fails = true;
    expect([await ask('a'), await ask('b')]).toEqual([null, null]);
    expect(logLines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { msg: 'signatures cannot be verified' },
    ]);
    failing.fails = false;
    expect(await ask('c')).toBe(true);
    failing.fails = true;
    expect(await ask('d')).toBeNull();
    expect(logLines).toHaveLength(2);
  });
});

function failingVerifier() {
  const state = { fails: false };
  const failOr = <T>(verdict: () => T): T => {
    if (state.fails) throw new RangeError('WebAssembly.Instance(): Out of memory');
    return verdict();
  };
  const verifier: Verifier = {
    verify: (...parts) => failOr(() => sr25519.verify(...parts)),
    verifyBatch: (checks) => failOr(() => sr25519.verifyBatch(checks)),
  };
  return Object.assign(state, { verifier });
}

describe('a miner whose verifier cannot go on', () => {
  it('answers 503, which costs the address nothing, and serves when it can again', async () => {
    const failing = failingVerifier();
    const admission = { addressBurst: 2, addressRatePerSecond: 0.001 };
    const server = { verifyThreads: 0 };
    const rig = await startRig({ admission, server }, { verifier: failing.verifier });
    failing.fails = true;
    for (let at = 0; at < 5; at += 1) {
      const { status, headers } = await infer(rig.port);
      expect([status, headers['retry-after']]).toEqual([503, '1']);
    }
    expect(await rig.metrics()).toContain('status="503",reason="unverified"} 5');
    failing.fails = false;
    expect((await infer(rig.port)).status).toBe(200);
    await rig.miner.stop();
  });
});
