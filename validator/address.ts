import type { AxonInfo } from '../common/chain-port.ts';
import { fault } from '../common/fault.ts';
import type { Fault } from '../common/fault.ts';
import { addressClass } from '../common/chain/ip.ts';

export interface AddressPolicy {
  /** Dial loopback, private and link-local addresses: for local networks only. */
  readonly allowPrivate: boolean;
}

/** Below this lie the well-known services (ssh, mail, ...) that no miner has any business on. */
const lowestPort = 1024;

/** `http://address:port` of an axon that the policy lets this node dial. */
export function axonUrl(
  axon: AxonInfo | null,
  policy: AddressPolicy,
  scheme: 'http' | 'https' = 'http',
): string | Fault {
  if (axon === null) return fault('no-axon', 'registered, but serves no axon');
  const why = refusal(axon.ip, axon.port, policy);
  if (why !== null) return fault('address-refused', why);
  return axon.ip.includes(':')
    ? `${scheme}://[${axon.ip}]:${axon.port}`
    : `${scheme}://${axon.ip}:${axon.port}`;
}

/** Why an address is not dialled; null when it is. The chain's addresses are untrusted. */
export function refusal(ip: string, port: number, policy: AddressPolicy): string | null {
  if (!Number.isInteger(port) || port < lowestPort || port > 65_535) return `port ${port}`;
  const kind = addressClass(ip);
  if (kind === 'global') return null;
  const local =
    kind === 'loopback' || kind === 'private' || kind === 'link-local' || kind === 'shared';
  return policy.allowPrivate && local ? null : `a ${kind} address`;
}
