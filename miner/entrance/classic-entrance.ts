import type { AuthPolicy, AuthRefusal } from '../../common/wire/btauth.ts';
import {
  classicCheck,
  classicHeaders,
  readClassicAuth,
  wrapped,
} from '../../common/wire/classic/classic-auth.ts';
import type { Claim, Entrance, RequestHead } from './entrance.ts';

/**
 * The signature of Python's Dendrite. Nonces of one UUID may come in any order: each is taken once,
 * where an axon takes only rising ones and refuses requests that overlap.
 */
export const classicEntrance: Entrance = {
  name: 'classic',
  callerHeader: classicHeaders.hotkey,
  read,
};

function read(head: RequestHead, policy: AuthPolicy, nowNs: bigint): Claim | AuthRefusal {
  const claim = readClassicAuth(head.headers, policy, nowNs);
  if (claim.kind === 'auth-refusal') return claim;
  return {
    kind: 'claim',
    hotkey: claim.hotkey,
    nonceNs: claim.nonceNs,
    mark: `classic ${claim.uuid}`,
    signatureCheck: () => classicCheck(claim),
    wrappedCheck: () => wrapped(classicCheck(claim)),
  };
}
