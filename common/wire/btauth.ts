import type { Hotkey, Ss58 } from '../brand.ts';
import { fromHex, toHex } from '../hex.ts';
import { createOldestFirst } from '../oldest-first.ts';
import type { HeaderMap } from './inference-types.ts';
import type { ReplayMemory } from './replay.ts';
import type { SignatureCheck, Signer, Verifier } from '../signer-port.ts';
import { decodeSs58, ss58Format } from '../keys/ss58.ts';

export const btauthHeaders = {
  version: 'x-bittensor-version',
  hotkey: 'x-bittensor-hotkey',
  nonce: 'x-bittensor-nonce',
  signature: 'x-bittensor-signature',
  receiver: 'x-bittensor-receiver',
  crypto: 'x-bittensor-crypto',
} as const;

/** The one key scheme that this suite signs with and verifies. */
export const pinnedScheme = 'sr25519';

export interface AuthWindow {
  /** A request older than this is refused; exactly this old passes. */
  readonly maxAgeNs: bigint;
  /** A request from further in the future is refused; exactly this far passes. */
  readonly maxAheadNs: bigint;
}

export const defaultAuthWindow: AuthWindow = {
  maxAgeNs: 10_000_000_000n,
  maxAheadNs: 2_000_000_000n,
};

/** The names are those of the Python SDK; `Busy` and `SchemeNotAllowed` are ours. */
export type AuthRefusalName =
  | 'MalformedAuth'
  | 'WrongReceiver'
  | 'SchemeNotAllowed'
  | 'StaleRequest'
  | 'BadSignature'
  | 'ReplayedRequest'
  | 'Busy';

export interface AuthRefusal {
  readonly kind: 'auth-refusal';
  readonly name: AuthRefusalName;
  /** 401, or 503 for `Busy`. */
  readonly status: 401 | 503;
  /** One printable line for the caller; never holds a secret. */
  readonly reason: string;
}

/** What the headers of a request say; nothing in it is verified yet. */
export interface AuthClaim {
  readonly kind: 'auth-claim';
  readonly hotkey: Hotkey;
  readonly publicKey: Uint8Array;
  readonly nonceNs: bigint;
  readonly signature: Uint8Array;
  readonly receiver: Ss58;
}

/** What is spent of a request, whatever scheme signed it. */
export interface NonceClaim {
  readonly hotkey: Hotkey;
  readonly nonceNs: bigint;
  /** See `ReplayMemory.spend`. */
  readonly mark?: string;
}

/** A claim whose signature was good and whose nonce was spent by this request. */
export interface AuthedRequest {
  readonly kind: 'authed';
  readonly hotkey: Hotkey;
  readonly nonceNs: bigint;
}

export interface SignedParts {
  readonly method: string;
  /** As sent on the request line, query included. */
  readonly pathWithQuery: string;
  /** 32 bytes, over the raw body; the empty body too. */
  readonly bodySha256: Uint8Array;
}

/** The key of an address, or undefined when the text is no SS58 address of format 42. */
export type KeyOf = (address: string) => KeyedAddress | undefined;

export interface KeyedAddress {
  readonly ss58: Ss58;
  readonly publicKey: Uint8Array;
}

export function keyOfAddress(address: string): KeyedAddress | undefined {
  const parts = decodeSs58(address);
  return parts?.format === ss58Format
    ? { ss58: address as Ss58, publicKey: parts.publicKey }
    : undefined;
}

/**
 * Keeps the last `capacity` addresses decoded: decoding costs as much as a signature check. Texts
 * that are no address are not kept, so that a stranger cannot push out those that call often.
 */
export function keyCache(capacity = 4096): KeyOf {
  const known = createOldestFirst<string, KeyedAddress>();
  return (address) => {
    const key = known.get(address) ?? keyOfAddress(address);
    if (key === undefined) return undefined;
    known.delete(address);
    known.set(address, key);
    if (known.size > capacity) known.takeOldest();
    return key;
  };
}

export interface AuthPolicy {
  /** The hotkey that a request must be addressed to: one's own. */
  readonly receiver: Ss58;
  /** Where a server keeps decoded addresses; by default each is decoded anew. */
  readonly keyOf?: KeyOf;
  /** Requests signed before this are refused; see `restartFloorNs`. */
  readonly notBeforeNs: bigint;
  readonly window?: AuthWindow;
}

/**
 * The nonce floor of a process that started at `startNs` with an empty replay memory: whatever an
 * earlier life of the node could have accepted lies below it.
 */
export function restartFloorNs(startNs: bigint, window = defaultAuthWindow): bigint {
  return startNs + window.maxAheadNs;
}

/** The eight lines of btauth/1 that are signed. `receiver` null gives an unbound request. */
export function btauthText(
  parts: SignedParts,
  nonceNs: bigint,
  sender: string,
  receiver: string | null,
): string {
  return [
    'btauth/1',
    pinnedScheme,
    parts.method.toUpperCase(),
    parts.pathWithQuery,
    toHex(parts.bodySha256),
    nonceNs.toString(),
    sender,
    receiver ?? '-',
  ].join('\n');
}

export interface RequestToSign extends SignedParts {
  readonly signer: Signer;
  /** Nanoseconds since the Unix epoch; never reuse one for the same receiver. */
  readonly nonceNs: bigint;
  readonly receiver: Ss58;
}

/** The headers to send with a request; lower-case names. */
export function signRequest(request: RequestToSign): Record<string, string> {
  const { signer, nonceNs, receiver } = request;
  const text = btauthText(request, nonceNs, signer.ss58, receiver);
  return {
    [btauthHeaders.version]: '1',
    [btauthHeaders.hotkey]: signer.ss58,
    [btauthHeaders.nonce]: nonceNs.toString(),
    [btauthHeaders.signature]: `0x${toHex(signer.sign(encoder.encode(text)))}`,
    [btauthHeaders.receiver]: receiver,
  };
}

/**
 * First step, from the headers alone, so that most bad requests are refused before their body is
 * read: shape, then receiver, then scheme, then freshness.
 */
export function readAuth(
  headers: HeaderMap,
  policy: AuthPolicy,
  nowNs: bigint,
): AuthClaim | AuthRefusal {
  const claim = parseAuthHeaders(headers, policy);
  if (claim.kind === 'auth-refusal') return claim;
  return checkFreshness(claim.nonceNs, policy, nowNs) ?? claim;
}

/** Second step: what has to verify. The caller may collect several for one batch. */
export function signatureCheckOf(claim: AuthClaim, parts: SignedParts): SignatureCheck {
  const text = btauthText(parts, claim.nonceNs, claim.hotkey, claim.receiver);
  return {
    message: encoder.encode(text),
    signature: claim.signature,
    publicKey: claim.publicKey,
  };
}

/**
 * Last step: spends the nonce, only after a good signature. A server that admits by hotkey does so
 * between the signature and this, so that a stranger's valid signature costs no memory.
 */
export function settleAuth(
  claim: NonceClaim,
  signatureGood: boolean,
  replay: ReplayMemory,
  nowNs: bigint,
): AuthedRequest | AuthRefusal {
  if (!signatureGood) {
    return authRefusal('BadSignature', 'the signature does not verify for this request and hotkey');
  }
  const spent = replay.spend(claim.hotkey, claim.nonceNs, nowNs, claim.mark);
  if (spent === 'fresh') {
    return { kind: 'authed', hotkey: claim.hotkey, nonceNs: claim.nonceNs };
  }
  return replayRefusals[spent];
}

/** All steps in order for one request, when nothing is batched or admitted in between. */
export function checkRequest(
  request: SignedParts & { readonly headers: HeaderMap },
  policy: AuthPolicy,
  tools: { readonly verifier: Verifier; readonly replay: ReplayMemory; readonly nowNs: bigint },
): AuthedRequest | AuthRefusal {
  const claim = readAuth(request.headers, policy, tools.nowNs);
  if (claim.kind === 'auth-refusal') return claim;
  const { message, signature, publicKey } = signatureCheckOf(claim, request);
  const good = tools.verifier.verify(message, signature, publicKey);
  return settleAuth(claim, good, tools.replay, tools.nowNs);
}

const encoder = new TextEncoder();

export function authRefusal(name: AuthRefusalName, reason: string): AuthRefusal {
  return { kind: 'auth-refusal', name, status: name === 'Busy' ? 503 : 401, reason };
}

const replayRefusals = {
  repeated: authRefusal('ReplayedRequest', 'this hotkey has used this nonce before'),
  forgotten: authRefusal(
    'StaleRequest',
    'the nonce is older than what this node remembers; sign the request anew',
  ),
  busy: authRefusal('Busy', 'too many requests inside the replay window; try again in seconds'),
} as const;

function parseAuthHeaders(headers: HeaderMap, policy: AuthPolicy): AuthClaim | AuthRefusal {
  const fields = requiredFields(headers);
  if ('kind' in fields) return fields;
  const sender = (policy.keyOf ?? keyOfAddress)(fields.hotkey);
  if (sender === undefined) return malformed('hotkey', 'is no SS58 address');
  const nonceNs = parseNonce(fields.nonce);
  if (nonceNs === null) return malformed('nonce', 'must be decimal nanoseconds, 1 to 20 digits');
  const signature = parseSignature(fields.signature);
  if (signature === undefined) return malformed('signature', 'must be 64 bytes in hex');
  const refusal = checkReceiver(headers, policy) ?? checkScheme(headers);
  if (refusal !== null) return refusal;
  return {
    kind: 'auth-claim',
    hotkey: sender.ss58,
    publicKey: sender.publicKey,
    nonceNs,
    signature,
    receiver: policy.receiver,
  };
}

interface RequiredFields {
  readonly hotkey: string;
  readonly nonce: string;
  readonly signature: string;
}

function requiredFields(headers: HeaderMap): RequiredFields | AuthRefusal {
  const version = single(headers, 'version');
  const hotkey = single(headers, 'hotkey');
  const nonce = single(headers, 'nonce');
  const signature = single(headers, 'signature');
  if (version === undefined) return malformed('version', missing);
  if (version !== '1') return malformed('version', 'must be 1');
  if (hotkey === undefined) return malformed('hotkey', missing);
  if (nonce === undefined) return malformed('nonce', missing);
  if (signature === undefined) return malformed('signature', missing);
  return { hotkey, nonce, signature };
}

const missing = 'must be sent exactly once';

/**
 * The value of a header that came exactly once. Servers hand repeats over as a list, or joined by
 * commas, which none of the fields' forms allows.
 */
function single(headers: HeaderMap, field: keyof typeof btauthHeaders): string | undefined {
  const value = headers[btauthHeaders[field]];
  return typeof value === 'string' ? value : undefined;
}

function malformed(field: keyof typeof btauthHeaders, what: string): AuthRefusal {
  return authRefusal('MalformedAuth', `${btauthHeaders[field]} ${what}`);
}

function parseNonce(text: string): bigint | null {
  return /^(?:0|[1-9][0-9]{0,19})$/.test(text) ? BigInt(text) : null;
}

/** 64 bytes in hex, with or without `0x`. */
export function parseSignature(text: string): Uint8Array | undefined {
  return /^(?:0x)?[0-9a-fA-F]{128}$/.test(text) ? fromHex(text) : undefined;
}

function checkReceiver(headers: HeaderMap, policy: AuthPolicy): AuthRefusal | null {
  if (headers[btauthHeaders.receiver] === undefined) {
    return authRefusal('WrongReceiver', `${btauthHeaders.receiver} is missing: bind the request`);
  }
  if (single(headers, 'receiver') === policy.receiver) return null;
  return authRefusal(
    'WrongReceiver',
    `the request is addressed to another than ${policy.receiver}`,
  );
}

/** The scheme is pinned here: what a caller declares can only confirm it, never choose it. */
function checkScheme(headers: HeaderMap): AuthRefusal | null {
  if (headers[btauthHeaders.crypto] === undefined) return null;
  if (single(headers, 'crypto') === pinnedScheme) return null;
  return authRefusal('SchemeNotAllowed', `only ${pinnedScheme} keys are allowed here`);
}

/** Age, future and the floor of a restart; null when all is well. */
export function checkFreshness(
  nonceNs: bigint,
  policy: AuthPolicy,
  nowNs: bigint,
): AuthRefusal | null {
  const { maxAgeNs, maxAheadNs } = policy.window ?? defaultAuthWindow;
  const ageNs = nowNs - nonceNs;
  if (ageNs > maxAgeNs) return clockRefusal(ageNs, maxAgeNs, 'behind');
  if (-ageNs > maxAheadNs) return clockRefusal(-ageNs, maxAheadNs, 'ahead of');
  if (nonceNs > policy.notBeforeNs) return null;
  return authRefusal(
    'StaleRequest',
    'signed before this node could remember requests (it started just now); sign it anew',
  );
}

function clockRefusal(differenceNs: bigint, allowedNs: bigint, side: string): AuthRefusal {
  return authRefusal(
    'StaleRequest',
    `clock differs by ${seconds(differenceNs)} s (the nonce is ${side} this node's clock), ` +
      `allowed ${seconds(allowedNs)} s`,
  );
}

/** One decimal, rounded up, so that a refused difference never reads like an allowed one. */
function seconds(ns: bigint): string {
  const tenths = (ns + 99_999_999n) / 100_000_000n;
  const whole = tenths / 10n;
  return tenths % 10n === 0n ? `${whole}` : `${whole}.${tenths % 10n}`;
}
