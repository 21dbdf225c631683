import { addressClass } from '../../common/chain/ip.ts';

/** True for an address that only this machine can reach: 127.0.0.0/8 or ::1, and no name. */
export function isLoopback(host: string): boolean {
  return addressClass(host) === 'loopback';
}

/**
 * What a Host header may name on a loopback port. A page in a browser of this machine can be made
 * to send requests here under a name of its own; it cannot choose what stands in this header.
 */
export function isLoopbackHost(header: string | undefined): boolean {
  if (header === undefined) return false;
  const host = header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return host === 'localhost' || isLoopback(host);
}
