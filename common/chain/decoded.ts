import type { Ss58 } from '../brand.ts';
import type { AxonInfo } from '../chain-port.ts';
import { SubnetError } from '../errors.ts';
import { unpackIp } from './ip.ts';
import { parseSs58 } from '../keys/ss58.ts';
import type { TlsKey } from '../tls-key.ts';

/**
 * Reading what a runtime answered, after the metadata decoded it into JSON-like values: numbers,
 * hex for numbers above 2^53, SS58 texts, null for `None`. What does not fit is CHAIN_UNSUPPORTED.
 */

export function unfit(what: string, value: unknown): SubnetError {
  const detail = `${what} was expected, got ${JSON.stringify(value)?.slice(0, 80) ?? 'nothing'}`;
  return new SubnetError('CHAIN_UNSUPPORTED', { detail });
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unfit('a structure', value);
  }
  return value as Readonly<Record<string, unknown>>;
}

export function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unfit('a list', value);
  return value as readonly unknown[];
}

export function asBig(value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(value)) return BigInt(value);
  throw unfit('an integer', value);
}

/** Throws for integers above 2^53. */
export function asNumber(value: unknown): number {
  const number = Number(asBig(value));
  if (!Number.isSafeInteger(number)) throw unfit('an integer below 2^53', value);
  return number;
}

export function asBool(value: unknown): boolean {
  if (typeof value !== 'boolean') throw unfit('true or false', value);
  return value;
}

/** Addresses whose checksum was looked at; the same ones come with every block. */
const checked = new Set<string>();
const checkedAtMost = 16_384;

export function asSs58(value: unknown): Ss58 {
  if (typeof value === 'string' && checked.has(value)) return value as Ss58;
  const parsed = typeof value === 'string' ? parseSs58(value) : undefined;
  if (parsed === undefined) throw unfit('an SS58 address', value);
  if (checked.size >= checkedAtMost) checked.clear();
  checked.add(parsed);
  return parsed;
}

/** u16 as a share of 65535. */
export function asRatio(value: unknown): number {
  return asNumber(value) / 65535;
}

const zeroAccount = '5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM';

/** null for None and for the account of zeros, which stands for nobody. */
export function asOwner(value: unknown): Ss58 | null {
  if (value === null || value === undefined || value === zeroAccount) return null;
  return asSs58(value);
}

/** Bytes, which come as hex text. */
export function asBytes(value: unknown): Uint8Array {
  const hex = typeof value === 'string' ? /^0x((?:[0-9a-f]{2})*)$/i.exec(value)?.[1] : undefined;
  if (hex === undefined) throw unfit('bytes', value);
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) =>
    Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
}

export function asTlsKey(value: unknown): TlsKey {
  const { publicKey, algorithm } = asRecord(value);
  return { algorithm: asNumber(algorithm), publicKey: asBytes(publicKey) };
}

/** ip 0 is how a miner unserves. An ip_type that is neither is read as IPv4 when it fits. */
export function asAxon(value: unknown): AxonInfo | null {
  if (value === null || value === undefined) return null;
  const axon = asRecord(value);
  const ip = asBig(axon['ip']);
  if (ip === 0n) return null;
  const ipType = asNumber(axon['ipType']) === 6 || ip >= 1n << 32n ? 6 : 4;
  return {
    ip: unpackIp({ value: ip, type: ipType }),
    port: asNumber(axon['port']),
    ipType,
    protocol: asNumber(axon['protocol']),
    version: asNumber(axon['version']),
    block: asNumber(axon['block']),
  };
}
