import { authRefusal } from '../../common/wire/btauth.ts';
import type { AuthRefusal } from '../../common/wire/btauth.ts';
import type { HeaderMap } from '../../common/wire/inference-types.ts';
import type { Entrance, EntranceName, Entrances } from './entrance.ts';

interface Scheme {
  readonly name: EntranceName;
  /** Of all its headers, and of no other's. */
  readonly prefix: string;
  readonly title: string;
}

const schemes: readonly Scheme[] = [
  { name: 'btauth', prefix: 'x-bittensor-', title: 'btauth/1' },
  { name: 'epistula', prefix: 'epistula-', title: 'Epistula v2' },
];

/** For requests in which no caller names itself: it lets none in, and says what is taken instead. */
export function unsignedEntrance(open: Entrances): Entrance {
  const [first] = open;
  return {
    ...first,
    read: (head, policy, nowNs) => {
      const scheme = schemes.find(({ prefix }) => hasHeader(head.headers, prefix));
      if (scheme === undefined) return refusal('not signed', open);
      const entrance = open.find(({ name }) => name === scheme.name);
      // Half signed: the scheme itself knows what is not there.
      return entrance === undefined
        ? refusal(`${scheme.title} is not enabled here`, open)
        : entrance.read(head, policy, nowNs);
    },
  };
}

function hasHeader(headers: HeaderMap, prefix: string): boolean {
  return Object.keys(headers).some((name) => name.startsWith(prefix));
}

function refusal(why: string, open: Entrances): AuthRefusal {
  const taken = schemes.filter(({ name }) => open.some((entrance) => entrance.name === name));
  const titles = taken.map(({ title }) => title).join(' and ');
  return authRefusal('MalformedAuth', `${why}: this miner takes ${titles}`);
}
