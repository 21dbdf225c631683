import { btauthHeaders, readAuth, signatureCheckOf } from '../../common/wire/btauth.ts';
import type { AuthPolicy, AuthRefusal } from '../../common/wire/btauth.ts';
import type { Claim, Entrance, RequestHead } from './entrance.ts';

/** btauth/1, the wire of the Python SDK 11. */
export const btauthEntrance: Entrance = {
  name: 'btauth',
  callerHeader: btauthHeaders.hotkey,
  read,
};

function read(head: RequestHead, policy: AuthPolicy, nowNs: bigint): Claim | AuthRefusal {
  const claim = readAuth(head.headers, policy, nowNs);
  if (claim.kind === 'auth-refusal') return claim;
  return {
    kind: 'claim',
    hotkey: claim.hotkey,
    nonceNs: claim.nonceNs,
    mark: '',
    signatureCheck: (bodySha256) =>
      signatureCheckOf(claim, { method: head.method, pathWithQuery: head.path, bodySha256 }),
  };
}
