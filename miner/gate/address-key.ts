const mapped = '::ffff:';
const groupsOfAddress = 8;
const groupsOfPrefix = 4;

/**
 * Under which name a peer is counted: its IPv4 address, or the /64 of its IPv6 address, for whoever
 * has one address of a /64 has all of them. An IPv4 address is the same however it is written.
 * Works on the texts that the system gives; anything else stands for itself.
 */
export function addressKey(remoteAddress: string): string {
  if (!remoteAddress.includes(':')) return remoteAddress;
  if (remoteAddress.startsWith(mapped) && remoteAddress.includes('.')) {
    return remoteAddress.slice(mapped.length);
  }
  const zone = remoteAddress.indexOf('%');
  const groups = groupsOf(zone < 0 ? remoteAddress : remoteAddress.slice(0, zone));
  if (groups === null) return remoteAddress;
  return isMapped(groups) ? dotted(groups) : `${groups.slice(0, groupsOfPrefix).join(':')}::/64`;
}

function groupsOf(text: string): readonly string[] | null {
  const [head = '', tail, ...more] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = groupsOfAddress - before.length - after.length;
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return null;
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after];
}

function isMapped(groups: readonly string[]): boolean {
  return groups[5] === 'ffff' && groups.slice(0, 5).every((group) => group === '0');
}

function dotted(groups: readonly string[]): string {
  const bytes = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
  return bytes.join('.');
}
