import type { Clock } from '../../common/platform-port.ts';
import type { SignatureCheck, Verifier } from '../../common/signer-port.ts';

export interface VerifyQueue {
  /** Never rejects; malformed input is `false`. */
  verify(check: SignatureCheck): Promise<boolean>;
}

export interface VerifyQueueDeps {
  readonly verifier: Verifier;
  readonly clock: Clock;
  /** Runs a function once what arrived at the same time was taken in. */
  readonly defer: (run: () => void) => void;
  readonly onBatch: (signatures: number, seconds: number) => void;
}

interface Pending {
  readonly check: SignatureCheck;
  readonly settle: (good: boolean) => void;
}

/** Larger batches gain little and hold up the event loop (about 36 µs a signature). */
const maxBatch = 32;

/**
 * Verifies what arrived in one turn of the event loop together: half the price of one by one, and
 * a lone request waits for nobody. One bad signature changes no other's verdict (`Verifier`).
 */
export function createVerifyQueue(deps: VerifyQueueDeps): VerifyQueue {
  const { verifier, clock, defer, onBatch } = deps;
  const pending: Pending[] = [];
  let due = false;

  const schedule = (): void => {
    if (due) return;
    due = true;
    defer(flush);
  };
  const flush = (): void => {
    due = false;
    const batch = pending.splice(0, maxBatch);
    if (pending.length > 0) schedule();
    const started = clock.monotonicMs();
    const verdicts = verifyAll(
      verifier,
      batch.map(({ check }) => check),
    );
    onBatch(batch.length, (clock.monotonicMs() - started) / 1000);
    batch.forEach(({ settle }, at) => settle(verdicts[at] === true));
  };
  return {
    verify: (check) =>
      new Promise((settle) => {
        pending.push({ check, settle });
        schedule();
      }),
  };
}

function verifyAll(verifier: Verifier, checks: readonly SignatureCheck[]): readonly boolean[] {
  const [first] = checks;
  if (checks.length > 1 || first === undefined) return verifier.verifyBatch(checks);
  return [verifier.verify(first.message, first.signature, first.publicKey)];
}
