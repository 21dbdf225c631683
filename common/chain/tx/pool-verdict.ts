import type { NodeError } from '../link/link-port.ts';
import { namePoolError } from './pool-errors.ts';
import type { PoolError } from './pool-errors.ts';

/** What a pool's refusal asks for. */
export type Verdict =
  /** Never valid as it is: its owner must know. */
  | { readonly kind: 'refused'; readonly error: PoolError }
  /** Its nonce is used, or not yet due: read it again and sign anew. */
  | { readonly kind: 'nonce'; readonly error: PoolError }
  /** Another transaction of this key holds the nonce in the pool. */
  | { readonly kind: 'taken'; readonly error: PoolError }
  /** Signed for a block that is too old, or for a runtime that is gone: sign anew. */
  | { readonly kind: 'outdated'; readonly error: PoolError }
  /** These very bytes were dropped a moment ago, or included: look, then sign anew. */
  | { readonly kind: 'banned'; readonly error: PoolError }
  /** These very bytes are in the pool already: it is ours. */
  | { readonly kind: 'known'; readonly error: PoolError };

/** Codes of Substrate's `author` RPC: 1010 invalid, 1012 banned, 1013 imported, 1014 priority. */
export function judge(error: NodeError, specVersion: number): Verdict {
  const named = namePoolError(`${error.code}: ${error.message}`, specVersion);
  return { kind: kindOf(error.code, named.name), error: named };
}

function kindOf(code: number, name: string): Verdict['kind'] {
  if (code === 1012 || name === 'TemporarilyBanned') return 'banned';
  if (code === 1013 || name === 'AlreadyImported') return 'known';
  if (code === 1014 || name === 'PriorityTooLow') return 'taken';
  if (name === 'Stale' || name === 'Future') return 'nonce';
  if (name === 'AncientBirthBlock' || name === 'BadProof') return 'outdated';
  return 'refused';
}
