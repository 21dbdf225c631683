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
  | { readonly kind: 'known'; readonly error: PoolError }
  /** The node can't say or take it now, whatever it is: the same bytes once more, or elsewhere. */
  | { readonly kind: 'busy'; readonly error: PoolError };

/**
 * Codes of Substrate's `author` RPC: 1010 invalid, 1012 banned, 1013 imported, 1014 priority. All
 * others (1011, 1015, 1016, 1018, those of JSON-RPC and of proxies) say nothing of the transaction.
 */
export function judge(error: NodeError, specVersion: number): Verdict {
  const named = namePoolError(`${error.code}: ${error.message}`, specVersion);
  return { kind: kindOf(error, named), error: named };
}

const temporaryCodes = [1002, 1011, 1015, 1016, 1018];
const temporaryNames = ['ExhaustsResources', 'ImmediatelyDropped'];

/** The pool itself says that it does not have it; whoever stands before the pool cannot know. */
export function isOfPool({ code }: NodeError): boolean {
  return temporaryCodes.includes(code);
}

function kindOf({ code, message }: NodeError, { name, customCode }: PoolError): Verdict['kind'] {
  if (temporaryCodes.includes(code) || temporaryNames.includes(name)) return 'busy';
  if (code === 1012 || name === 'TemporarilyBanned') return 'banned';
  if (code === 1013 || name === 'AlreadyImported') return 'known';
  if (code === 1014 || name === 'PriorityTooLow') return 'taken';
  if (name === 'Stale' || name === 'Future') return 'nonce';
  if (name === 'AncientBirthBlock' || name === 'BadProof') return 'outdated';
  const isNamed = name !== 'InvalidTransaction' || customCode !== undefined;
  const isOfChain =
    code === 1001 || code === 1010 || /invalid transaction|"invalid"/i.test(message);
  return isNamed || isOfChain ? 'refused' : 'busy';
}
