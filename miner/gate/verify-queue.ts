import type { Clock } from '../../common/platform-port.ts';
import { createTogether } from '../../common/together.ts';
import type { SignatureCheck, Verifier } from '../../common/signer-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';

export interface VerifyQueue {
  /** Never rejects; malformed input is `false`; null when it could not be found out. */
  verify(check: SignatureCheck): Promise<boolean | null>;
}

/** Verifies beside the event loop, where there is a core for it. */
export interface VerifyThreads {
  /** True while one of them has nothing to do. */
  isFree(): boolean;
  /** One verdict per check, in order; null when the thread died: verify them elsewhere. */
  verifyBatch(checks: readonly SignatureCheck[]): Promise<readonly boolean[] | null>;
}

export interface VerifyQueueDeps {
  readonly verifier: Verifier;
  readonly threads?: VerifyThreads;
  readonly clock: Clock;
  /** Runs a function once what arrived at the same time was taken in. */
  readonly defer: (run: () => void) => void;
  readonly onBatch: (signatures: number, seconds: number) => void;
  readonly log: Logger;
}

interface Pending {
  readonly check: SignatureCheck;
  readonly settle: (good: boolean | null) => void;
}

/** Larger batches gain nothing and hold up the event loop (15 to 20 µs a signature of a known key). */
const maxBatch = 32;
/** Handing over and back costs as much as verifying this many here. */
const worthAThread = 3;

/**
 * Verifies what arrived in one turn of the event loop together: a quarter cheaper than singly, and
 * a lone request waits for nobody. One bad signature changes no other's verdict (`Verifier`).
 */
export function createVerifyQueue(deps: VerifyQueueDeps): VerifyQueue {
  const { clock, onBatch, threads } = deps;
  const attempt = createAttempt(deps);
  const verifyHere = (batch: readonly Pending[]): void => {
    const started = clock.monotonicMs();
    settle(batch, attempt(checksOf(batch)), started);
  };
  const verifyThere = async (there: VerifyThreads, batch: readonly Pending[]): Promise<void> => {
    const started = clock.monotonicMs();
    const verdicts = await there.verifyBatch(checksOf(batch)).catch(() => null);
    if (verdicts === null) verifyHere(batch);
    else settle(batch, verdicts, started);
  };
  const settle = (batch: readonly Pending[], verdicts: Verdicts, from: number): void => {
    onBatch(batch.length, (clock.monotonicMs() - from) / 1000);
    batch.forEach((one, at) => one.settle(verdicts === null ? null : verdicts[at] === true));
  };
  const pending = createTogether<Pending>(deps.defer, maxBatch, (batch) => {
    const isWorthIt = threads?.isFree() === true && batch.length >= worthAThread;
    if (isWorthIt) void verifyThere(threads, batch);
    else verifyHere(batch);
  });
  return {
    verify: (check) =>
      new Promise((settleOne) => {
        pending.push({ check, settle: settleOne });
      }),
  };
}

type Verdicts = readonly boolean[] | null;

/**
 * Null when the verifier cannot go on, of which the usual cause is memory: nobody catches what is
 * thrown in a turn of its own, and it would end the miner. Told once until it can again.
 */
function createAttempt({ verifier, log }: VerifyQueueDeps) {
  let fails = false;
  return (checks: readonly SignatureCheck[]): Verdicts => {
    try {
      const verdicts = verifyAll(verifier, checks);
      fails = false;
      return verdicts;
    } catch (error) {
      if (!fails) log.error('signatures cannot be verified', { error });
      fails = true;
      return null;
    }
  };
}

function checksOf(batch: readonly Pending[]): readonly SignatureCheck[] {
  return batch.map(({ check }) => check);
}

function verifyAll(verifier: Verifier, checks: readonly SignatureCheck[]): readonly boolean[] {
  const [first] = checks;
  if (checks.length > 1 || first === undefined) return verifier.verifyBatch(checks);
  return [verifier.verify(first.message, first.signature, first.publicKey)];
}
