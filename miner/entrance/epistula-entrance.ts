import type { AuthPolicy, AuthRefusal } from '../../common/wire/btauth.ts';
import { wrapped } from '../../common/wire/classic/classic-auth.ts';
import { epistulaCheck, epistulaHeaders, readEpistula } from '../../common/wire/epistula.ts';
import type { Claim, Entrance, RequestHead } from './entrance.ts';

/** Epistula v2. Its timestamps are coarse: the UUID beside one is what makes a request the one it is. */
export const epistulaEntrance: Entrance = {
  name: 'epistula',
  callerHeader: epistulaHeaders.signedBy,
  read,
};

const nsPerMs = 1_000_000n;

function read(head: RequestHead, policy: AuthPolicy, nowNs: bigint): Claim | AuthRefusal {
  const claim = readEpistula(head.headers, policy, nowNs);
  if (claim.kind === 'auth-refusal') return claim;
  return {
    kind: 'claim',
    hotkey: claim.hotkey,
    nonceNs: claim.timestampMs * nsPerMs,
    mark: `epistula ${claim.uuid}`,
    signatureCheck: (bodySha256) => epistulaCheck(claim, bodySha256),
    wrappedCheck: (bodySha256) => wrapped(epistulaCheck(claim, bodySha256)),
  };
}
