import type { Hotkey, Ss58 } from '../../brand.ts';
import { toHex } from '../../hex.ts';
import type { SignatureCheck, Signer } from '../../signer-port.ts';
import { authRefusal, checkFreshness, keyOfAddress, parseSignature } from '../btauth.ts';
import type { AuthPolicy, AuthRefusal, AuthWindow } from '../btauth.ts';
import { isRequestUuid } from '../epistula.ts';
import type { HeaderMap } from '../inference-types.ts';

/** Names as Python's Dendrite sends them: lower case, with underscores. */
export const classicHeaders = {
  nonce: 'bt_header_dendrite_nonce',
  uuid: 'bt_header_dendrite_uuid',
  hotkey: 'bt_header_dendrite_hotkey',
  signature: 'bt_header_dendrite_signature',
  version: 'bt_header_dendrite_version',
  receiver: 'bt_header_axon_hotkey',
  bodyHash: 'computed_body_hash',
  statusCode: 'bt_header_axon_status_code',
  statusMessage: 'bt_header_axon_status_message',
  processTime: 'bt_header_axon_process_time',
} as const;

/**
 * As far back as an axon goes for a Dendrite with its default timeout of 12 s: it signs before it
 * waits for a connection.
 */
export const classicWindow: AuthWindow = {
  maxAgeNs: 16_000_000_000n,
  maxAheadNs: 2_000_000_000n,
};

/** What the headers of a classic request say; nothing in it is verified yet. */
export interface ClassicClaim {
  readonly kind: 'classic-claim';
  readonly hotkey: Hotkey;
  readonly publicKey: Uint8Array;
  readonly nonceNs: bigint;
  /** `None` where the request names none: that is what is signed then. */
  readonly uuid: string;
  readonly signature: Uint8Array;
  /** Lower-case hex. Signed; whether it is that of the body is another question. */
  readonly bodyHash: string;
  readonly receiver: Ss58;
}

export interface ClassicText {
  readonly nonceNs: bigint;
  readonly hotkey: string;
  readonly receiver: string;
  readonly uuid: string;
  readonly bodyHash: string;
}

export function classicText({ nonceNs, hotkey, receiver, uuid, bodyHash }: ClassicText): string {
  return `${nonceNs}.${hotkey}.${receiver}.${uuid}.${bodyHash}`;
}

/**
 * From the headers alone: shape, then receiver, then freshness. The window is this node's own: the
 * timeout and the version that a request names are not signed and change nothing.
 */
export function readClassicAuth(
  headers: HeaderMap,
  policy: AuthPolicy,
  nowNs: bigint,
): ClassicClaim | AuthRefusal {
  const claim = parseHeaders(headers, policy);
  if (claim.kind === 'auth-refusal') return claim;
  const window = policy.window ?? classicWindow;
  return checkFreshness(claim.nonceNs, { ...policy, window }, nowNs) ?? claim;
}

export function classicCheck(claim: ClassicClaim): SignatureCheck {
  const { signature, publicKey } = claim;
  return { message: encoder.encode(classicText(claim)), signature, publicKey };
}

/** The same signature over the text between `<Bytes>` and `</Bytes>`, as browser wallets sign. */
export function wrapped({ message, signature, publicKey }: SignatureCheck): SignatureCheck {
  const both = new Uint8Array(opening.length + message.length + closing.length);
  both.set(opening);
  both.set(message, opening.length);
  both.set(closing, opening.length + message.length);
  return { message: both, signature, publicKey };
}

export interface ClassicToSign {
  readonly signer: Signer;
  readonly nonceNs: bigint;
  readonly receiver: Ss58;
  /** A new one for each request: an axon wants the nonces of one uuid to rise. */
  readonly uuid: string;
  readonly bodyHash: string;
}

/** The headers that prove a request, in the order in which Python sends them. */
export function signClassic(request: ClassicToSign): Record<string, string> {
  const { signer, nonceNs, receiver, uuid, bodyHash } = request;
  const text = classicText({ nonceNs, hotkey: signer.ss58, receiver, uuid, bodyHash });
  return {
    [classicHeaders.receiver]: receiver,
    [classicHeaders.version]: sdkVersion,
    [classicHeaders.nonce]: nonceNs.toString(),
    [classicHeaders.uuid]: uuid,
    [classicHeaders.hotkey]: signer.ss58,
    [classicHeaders.signature]: `0x${toHex(signer.sign(encoder.encode(text)))}`,
    [classicHeaders.bodyHash]: bodyHash,
  };
}

/** 10.5.0 as the SDK writes it; from 7.2.0 on it selects the nonces that are times. */
export const sdkVersion = '10005000';

const encoder = new TextEncoder();
const opening = encoder.encode('<Bytes>');
const closing = encoder.encode('</Bytes>');

function parseHeaders(headers: HeaderMap, policy: AuthPolicy): ClassicClaim | AuthRefusal {
  const sender = (policy.keyOf ?? keyOfAddress)(single(headers, 'hotkey') ?? '');
  if (sender === undefined) return malformed('hotkey', 'is no SS58 address');
  const nonce = single(headers, 'nonce') ?? '';
  if (!/^(?:0|[1-9][0-9]{0,19})$/.test(nonce)) {
    return malformed('nonce', 'must be decimal nanoseconds, 1 to 20 digits');
  }
  const uuid = headers[classicHeaders.uuid] ?? 'None';
  if (typeof uuid !== 'string' || !isRequestUuid(uuid)) {
    return malformed('uuid', 'must be 1 to 64 printable characters');
  }
  const signature = parseSignature(single(headers, 'signature') ?? '');
  if (signature === undefined) return malformed('signature', 'must be 64 bytes in hex');
  const bodyHash = single(headers, 'bodyHash') ?? '';
  if (!/^[0-9a-f]{64}$/.test(bodyHash)) {
    return malformed('bodyHash', 'must be 64 lower-case hex digits');
  }
  const refusal = checkReceiver(headers, policy);
  if (refusal !== null) return refusal;
  return {
    kind: 'classic-claim',
    hotkey: sender.ss58,
    publicKey: sender.publicKey,
    nonceNs: BigInt(nonce),
    uuid,
    signature,
    bodyHash,
    receiver: policy.receiver,
  };
}

function single(headers: HeaderMap, field: keyof typeof classicHeaders): string | undefined {
  const value = headers[classicHeaders[field]];
  return typeof value === 'string' ? value : undefined;
}

function malformed(field: keyof typeof classicHeaders, what: string): AuthRefusal {
  return authRefusal('MalformedAuth', `${classicHeaders[field]} ${what}`);
}

/** An axon does not look at it, it signs its own address in; so may a caller leave it out. */
function checkReceiver(headers: HeaderMap, policy: AuthPolicy): AuthRefusal | null {
  const receiver = headers[classicHeaders.receiver];
  if (receiver === undefined || receiver === policy.receiver) return null;
  return authRefusal(
    'WrongReceiver',
    `the request is addressed to another than ${policy.receiver}`,
  );
}
