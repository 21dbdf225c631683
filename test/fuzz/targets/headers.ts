import type { AuthPolicy, AuthRefusal, AuthWindow } from '../../../common/wire/btauth.ts';
import {
  btauthHeaders,
  defaultAuthWindow,
  keyCache,
  readAuth,
  settleAuth,
  signRequest,
  signatureCheckOf,
} from '../../../common/wire/btauth.ts';
import {
  classicCheck,
  classicHeaders,
  classicWindow,
  readClassicAuth,
  signClassic,
} from '../../../common/wire/classic/classic-auth.ts';
import {
  epistulaCheck,
  epistulaWindow,
  readEpistula,
  signEpistula,
} from '../../../common/wire/epistula.ts';
import type { HeaderMap } from '../../../common/wire/inference-types.ts';
import { parseReceipt, receiptHeaders, signReceipt } from '../../../common/wire/receipt.ts';
import { ReplayMemory } from '../../../common/wire/replay.ts';
import { alice, bob, sha256 } from '../../common/wire-keys.ts';
import { ascii } from '../grammar.ts';
import type { Random } from '../random.ts';
import { promise } from '../target.ts';
import type { FuzzTarget } from '../target.ts';

const nowNs = 1_800_000_000_000_000_000n;
const policy: AuthPolicy = { receiver: bob.ss58, notBeforeNs: 0n, keyOf: keyCache() };
const bodySha256 = sha256(ascii('body'));
const uuid = '11111111-1111-4111-8111-111111111111';

const nonceTexts: readonly [string, ...string[]] = [
  nowNs.toString(),
  (nowNs - 5_000_000_000n).toString(),
  (nowNs - 11_000_000_000n).toString(),
  (nowNs + 3_000_000_000n).toString(),
  '0',
  '-1',
  '007',
  '1e18',
  '18446744073709551616',
  '9'.repeat(30),
  '',
  ' 1',
  '1800000000000',
];

/** Lines `name: value`; a name that comes twice is a list, as node gives those that it keeps apart. */
function headersOf(input: Uint8Array): HeaderMap {
  const headers: Record<string, string | string[]> = Object.create(null) as Record<string, string>;
  for (const line of Buffer.from(input).toString('latin1').split('\n')) {
    const colon = line.indexOf(': ');
    if (colon <= 0) continue;
    const [name, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

function linesOf(headers: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return new Uint8Array(Buffer.from(lines.join('\n'), 'latin1'));
}

function checkRefusal({ status, reason }: AuthRefusal): void {
  promise(status === 401 || status === 503, 'a refusal is 401 or 503');
  promise(reason.length > 0 && reason.length < 300, 'a reason is a short text');
  promise(/^[\x20-\x7e]*$/.test(reason), 'a reason is one printable line');
}

function checkWindow(nonceNs: bigint, window: AuthWindow = defaultAuthWindow): void {
  const ageNs = nowNs - nonceNs;
  const lies = ageNs <= window.maxAgeNs && -ageNs <= window.maxAheadNs;
  promise(lies, 'a claim lies in its window');
}

const signedBtauth = signRequest({
  method: 'POST',
  pathWithQuery: '/x',
  bodySha256,
  signer: alice,
  nonceNs: nowNs,
  receiver: bob.ss58,
});

export const btauthTarget: FuzzTarget = {
  name: 'btauth',
  make: (random) =>
    linesOf({
      ...signedBtauth,
      [btauthHeaders.nonce]: random.pick(nonceTexts),
      ...(random.chance(0.2) && { [btauthHeaders.crypto]: random.pick(['sr25519', 'mldsa', '']) }),
      ...(random.chance(0.2) && { [btauthHeaders.receiver]: random.pick(['-', alice.ss58, '']) }),
    }),
  run: (input) => {
    const claim = readAuth(headersOf(input), policy, nowNs);
    if (claim.kind === 'auth-refusal') return checkRefusal(claim);
    checkWindow(claim.nonceNs);
    promise(claim.hotkey.length > 40, 'a claim names an address');
    promise(claim.signature.length === 64, 'a signature has 64 bytes');
    const check = signatureCheckOf(claim, { method: 'POST', pathWithQuery: '/x', bodySha256 });
    promise(check.publicKey.length === 32, 'a key has 32 bytes');
    const replay = new ReplayMemory();
    promise(settleAuth(claim, true, replay, nowNs).kind === 'authed', 'a fresh nonce is good');
    promise(settleAuth(claim, true, replay, nowNs).kind !== 'authed', 'a nonce is good once');
  },
};

const signedEpistula = signEpistula({
  signer: alice,
  bodySha256,
  timestampMs: nowNs / 1_000_000n,
  uuid,
  receiver: bob.ss58,
});

export const epistulaTarget: FuzzTarget = {
  name: 'epistula',
  make: (random) =>
    linesOf({
      ...signedEpistula,
      ...(random.chance(0.5) && {
        'epistula-timestamp': random.pick(['1800000000000', '1799999995000', ...nonceTexts]),
      }),
      ...(random.chance(0.3) && { 'epistula-uuid': random.pick(['', 'x', uuid.toUpperCase()]) }),
    }),
  run: (input) => {
    const claim = readEpistula(headersOf(input), policy, nowNs);
    if (claim.kind === 'auth-refusal') return checkRefusal(claim);
    checkWindow(claim.timestampMs * 1_000_000n, epistulaWindow);
    promise(claim.uuid.length <= 64, 'what is remembered of a request is short');
    promise(epistulaCheck(claim, bodySha256).signature.length === 64, 'a signature has 64 bytes');
  },
};

const signedClassic = signClassic({
  signer: alice,
  nonceNs: nowNs,
  receiver: bob.ss58,
  uuid,
  bodyHash: 'ab'.repeat(32),
});

export const classicAuthTarget: FuzzTarget = {
  name: 'classic-auth',
  make: (random) =>
    linesOf({
      ...signedClassic,
      [classicHeaders.nonce]: random.pick(nonceTexts),
      ...(random.chance(0.3) && { [classicHeaders.uuid]: random.pick(['', 'x', 'None']) }),
      ...(random.chance(0.3) && { [classicHeaders.version]: random.pick(['', '700', '-1']) }),
      ...(random.chance(0.2) && { bt_header_dendrite_timeout: random.pick(['', '1e9', '-1']) }),
    }),
  run: (input) => {
    const claim = readClassicAuth(headersOf(input), policy, nowNs);
    if (claim.kind === 'auth-refusal') return checkRefusal(claim);
    checkWindow(claim.nonceNs, classicWindow);
    promise(claim.uuid.length <= 64, 'what is remembered of a request is short');
    promise(/^[0-9a-f]*$/.test(claim.bodyHash), 'a body hash is hex');
    promise(classicCheck(claim).signature.length === 64, 'a signature has 64 bytes');
  },
};

const receipt = signReceipt(
  {
    requestNonceNs: nowNs,
    requestSha256: 'ab'.repeat(32),
    responseSha256: 'cd'.repeat(32),
    status: 200,
    task: 'digits',
    modelSha256: 'ef'.repeat(32),
    miner: bob.ss58,
    validator: alice.ss58,
    timeNs: nowNs,
  },
  bob,
);

export const receiptTarget: FuzzTarget = {
  name: 'receipt',
  make: (random: Random) => {
    const headers = receiptHeaders(receipt);
    const steps = Array.from({ length: random.length(20) }, () => `L${'12'.repeat(32)}`);
    const path = random.chance(0.5) ? { 'x-subnet-receipt-path': steps.join(' ') } : {};
    return linesOf({ ...headers, ...path });
  },
  run: (input) => {
    const read = parseReceipt(headersOf(input));
    if (read.kind !== 'receipt') return;
    promise(read.signature.length === 64, 'a signature has 64 bytes');
    const again = parseReceipt(receiptHeaders(read));
    promise(
      again.kind === 'receipt' && again.requestNonceNs === read.requestNonceNs,
      'a receipt that was read can be written and read again',
    );
  },
};
