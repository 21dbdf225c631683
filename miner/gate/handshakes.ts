import type { Socket } from 'node:net';
import { addressKey } from './address-key.ts';

/** Connections by TLS that are none yet: they cost a place before anything of them is known. */
export interface Handshakes {
  begin(raw: Socket): void;
  /** The connection over this one stands, and counts like any other from now on. */
  done(secured: Pick<Socket, 'remoteAddress' | 'remotePort'>): void;
  readonly size: number;
  /** Ends all that are under way. */
  close(): void;
}

const mostOfOneAddress = 64;
const partOfOneAddress = 0.25;

/** Past `maxUnderWay` the oldest give way. */
export function createHandshakes(maxUnderWay: number): Handshakes {
  const maxOfOneAddress = Math.min(mostOfOneAddress, Math.ceil(maxUnderWay * partOfOneAddress));
  /** By address and port of the other side, the oldest first. */
  const underWay = new Map<string, Socket>();
  const perAddress = new Map<string, number>();
  const forget = (name: string, socket: Socket): void => {
    if (underWay.get(name) !== socket) return;
    underWay.delete(name);
    const address = addressKey(nameless(name));
    const left = (perAddress.get(address) ?? 1) - 1;
    if (left > 0) perAddress.set(address, left);
    else perAddress.delete(address);
  };
  const dropOldest = (address: string | null): void => {
    for (const [name, socket] of underWay) {
      if (address !== null && addressKey(nameless(name)) !== address) continue;
      forget(name, socket);
      socket.destroy();
      return;
    }
  };
  return {
    begin: (raw) => {
      const name = nameOf(raw);
      const address = addressKey(nameless(name));
      // Reset and back from the same port before node told of it: it counts once.
      const before = underWay.get(name);
      if (before !== undefined) forget(name, before);
      underWay.set(name, raw);
      const count = (perAddress.get(address) ?? 0) + 1;
      perAddress.set(address, count);
      raw.once('close', () => forget(name, raw));
      if (count > maxOfOneAddress) dropOldest(address);
      else if (underWay.size > maxUnderWay) dropOldest(null);
    },
    done: (secured) => {
      const name = nameOf(secured);
      const raw = underWay.get(name);
      if (raw !== undefined) forget(name, raw);
    },
    get size() {
      return underWay.size;
    },
    close: () => {
      for (const socket of underWay.values()) socket.destroy();
    },
  };
}

function nameOf({ remoteAddress = '', remotePort = 0 }: Partial<Socket>): string {
  return `${remoteAddress} ${remotePort}`;
}

function nameless(name: string): string {
  return name.slice(0, name.lastIndexOf(' '));
}
