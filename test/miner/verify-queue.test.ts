import { describe, expect, it } from 'vitest';
import type { SignatureCheck } from '../../common/signer-port.ts';
import { createVerifyQueue } from '../../miner/gate/verify-queue.ts';
import { createManualPlatform } from '../fakes/manual-platform.ts';
import { sr25519, validator } from './rig.ts';

function queue(): {
  verify: (check: SignatureCheck) => Promise<boolean>;
  turn: () => void;
  batches: number[];
} {
  const due: (() => void)[] = [];
  const batches: number[] = [];
  const { verify } = createVerifyQueue({
    verifier: sr25519,
    clock: createManualPlatform().clock,
    defer: (run) => void due.push(run),
    onBatch: (signatures) => void batches.push(signatures),
  });
  const turn = (): void => {
    for (const run of due.splice(0)) run();
  };
  return { verify: (check) => verify(check), turn, batches };
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
});
