import type { Hotkey, Ss58 } from '../brand.ts';
import { toHex } from '../hex.ts';
import type { SignatureCheck, Signer } from '../signer-port.ts';
import { authRefusal, checkFreshness, keyOfAddress, parseSignature } from './btauth.ts';
import type { AuthPolicy, AuthRefusal, AuthWindow } from './btauth.ts';
import type { HeaderMap } from './inference-types.ts';

export const epistulaHeaders = {
  version: 'epistula-version',
  timestamp: 'epistula-timestamp',
  uuid: 'epistula-uuid',
  signedBy: 'epistula-signed-by',
  signedFor: 'epistula-signed-for',
  signature: 'epistula-request-signature',
} as const;

/** The age that the scheme's own verifiers allow; they set none for the future. */
export const epistulaWindow: AuthWindow = {
  maxAgeNs: 8_000_000_000n,
  maxAheadNs: 2_000_000_000n,
};

/** What the headers of an Epistula request say; nothing in it is verified yet. */
export interface EpistulaClaim {
  readonly kind: 'epistula-claim';
  readonly hotkey: Hotkey;
  readonly publicKey: Uint8Array;
  readonly timestampMs: bigint;
  readonly uuid: string;
  readonly signature: Uint8Array;
  readonly receiver: Ss58;
}

/** The text of version 2 that is signed. Neither method nor path is part of it. */
export function epistulaText(
  bodySha256: Uint8Array,
  uuid: string,
  timestampMs: bigint,
  receiver: string,
): string {
  return `${toHex(bodySha256)}.${uuid}.${timestampMs}.${receiver}`;
}

/** From the headers alone: shape, then receiver, then freshness. */
export function readEpistula(
  headers: HeaderMap,
  policy: AuthPolicy,
  nowNs: bigint,
): EpistulaClaim | AuthRefusal {
  const claim = parseHeaders(headers, policy);
  if (claim.kind === 'auth-refusal') return claim;
  const window = { ...policy, window: narrower(policy.window) };
  return checkFreshness(claim.timestampMs * nsPerMs, window, nowNs) ?? claim;
}

export function epistulaCheck(claim: EpistulaClaim, bodySha256: Uint8Array): SignatureCheck {
  const { uuid, timestampMs, receiver, signature, publicKey } = claim;
  const message = encoder.encode(epistulaText(bodySha256, uuid, timestampMs, receiver));
  return { message, signature, publicKey };
}

export interface EpistulaToSign {
  readonly signer: Signer;
  /** 32 bytes, over the raw body. */
  readonly bodySha256: Uint8Array;
  readonly timestampMs: bigint;
  /** New for each request. */
  readonly uuid: string;
  readonly receiver: Ss58;
}

/** The headers to send with a request; lower-case names. */
export function signEpistula(request: EpistulaToSign): Record<string, string> {
  const { signer, bodySha256, timestampMs, uuid, receiver } = request;
  const text = epistulaText(bodySha256, uuid, timestampMs, receiver);
  return {
    [epistulaHeaders.version]: '2',
    [epistulaHeaders.timestamp]: timestampMs.toString(),
    [epistulaHeaders.uuid]: uuid,
    [epistulaHeaders.signedBy]: signer.ss58,
    [epistulaHeaders.signedFor]: receiver,
    [epistulaHeaders.signature]: `0x${toHex(signer.sign(encoder.encode(text)))}`,
  };
}

/** A random UUID (version 4) of 16 random bytes. */
export function uuidOf(randomBytes: Uint8Array): string {
  const bytes = Uint8Array.from(randomBytes.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A signed text that tells requests apart: bounded, since it is remembered, and one clean word. */
export function isRequestUuid(text: string): boolean {
  return /^[!-~]{1,64}$/.test(text);
}

const encoder = new TextEncoder();
const nsPerMs = 1_000_000n;

function narrower(window: AuthWindow = epistulaWindow): AuthWindow {
  const { maxAgeNs, maxAheadNs } = epistulaWindow;
  return {
    maxAgeNs: window.maxAgeNs < maxAgeNs ? window.maxAgeNs : maxAgeNs,
    maxAheadNs: window.maxAheadNs < maxAheadNs ? window.maxAheadNs : maxAheadNs,
  };
}

function parseHeaders(headers: HeaderMap, policy: AuthPolicy): EpistulaClaim | AuthRefusal {
  if (single(headers, 'version') !== '2') return malformed('version', 'must be 2, exactly once');
  const timestamp = single(headers, 'timestamp') ?? '';
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(timestamp)) {
    return malformed('timestamp', 'must be decimal milliseconds, 1 to 16 digits');
  }
  const uuid = single(headers, 'uuid') ?? '';
  if (!isRequestUuid(uuid)) return malformed('uuid', 'must be 1 to 64 printable characters');
  const sender = (policy.keyOf ?? keyOfAddress)(single(headers, 'signedBy') ?? '');
  if (sender === undefined) return malformed('signedBy', 'is no SS58 address');
  const signature = parseSignature(single(headers, 'signature') ?? '');
  if (signature === undefined) return malformed('signature', 'must be 64 bytes in hex');
  const refusal = checkReceiver(headers, policy);
  if (refusal !== null) return refusal;
  return {
    kind: 'epistula-claim',
    hotkey: sender.ss58,
    publicKey: sender.publicKey,
    timestampMs: BigInt(timestamp),
    uuid,
    signature,
    receiver: policy.receiver,
  };
}

function single(headers: HeaderMap, field: keyof typeof epistulaHeaders): string | undefined {
  const value = headers[epistulaHeaders[field]];
  return typeof value === 'string' ? value : undefined;
}

function malformed(field: keyof typeof epistulaHeaders, what: string): AuthRefusal {
  return authRefusal('MalformedAuth', `${epistulaHeaders[field]} ${what}`);
}

/** The scheme also knows requests for nobody in particular; those anyone could pass on. */
function checkReceiver(headers: HeaderMap, policy: AuthPolicy): AuthRefusal | null {
  const receiver = single(headers, 'signedFor') ?? '';
  if (receiver === policy.receiver) return null;
  const reason =
    receiver === ''
      ? `${epistulaHeaders.signedFor} is missing: bind the request`
      : `the request is addressed to another than ${policy.receiver}`;
  return authRefusal('WrongReceiver', reason);
}
