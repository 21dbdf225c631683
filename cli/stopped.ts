import { isSubnetError, SubnetError } from '../common/errors.ts';
import type { Signer } from '../common/signer-port.ts';

/** Throws CANCELLED once somebody wants this process to stop. */
export function throwIfStopped(signal: AbortSignal, detail?: string): void {
  if (signal.aborted) throw new SubnetError('CANCELLED', detail === undefined ? {} : { detail });
}

/** A signer that signs nothing any more once the signal has aborted: it throws CANCELLED. */
export function stoppable<Kind extends Signer>(signer: Kind, signal: AbortSignal): Kind {
  return {
    ...signer,
    sign: (message: Uint8Array) => {
      throwIfStopped(signal);
      return signer.sign(message);
    },
  };
}

/** A connection that was closed because somebody cancelled is not a fault of the connection. */
export function asCancelled(error: unknown, signal: AbortSignal): unknown {
  const isClosed = isSubnetError(error) && error.code === 'CHAIN_CLOSED';
  return isClosed && signal.aborted ? new SubnetError('CANCELLED') : error;
}
