import { createOldestFirst } from '../../common/oldest-first.ts';

/**
 * Memory for the bodies of requests under way: of all together, of one address, and of callers that
 * have proved nothing. Nobody knows yet whom those are from: when room is needed they give way,
 * the oldest first, for who is slow is the oldest soon.
 */
export interface BodyRoom {
  /** `isProven`: its caller was let in from there lately; its body gives way to none. */
  open(address: string, isProven: boolean): BodySpace;
  /** Bytes that are held. */
  readonly held: number;
  /** Addresses that hold some. */
  readonly addresses: number;
}

/** What one request holds. */
export interface BodySpace {
  /** False when there is no room for so many more bytes; they are not counted then. */
  take(bytes: number): boolean;
  /** How to end the reading, once it has to give way; what it held is counted no more then. */
  onGiveWay(stop: () => void): void;
  /** The body is whole: it is judged now, and gives way no more. */
  keep(): void;
  /** Gives back all; may be called again. */
  close(): void;
}

export interface BodyRoomOptions {
  readonly maxBytes: number;
  readonly maxBytesPerAddress: number;
  /** Of all whose callers have proved nothing; the rest is kept for those that have. */
  readonly maxUnprovenBytes: number;
}

interface Space {
  readonly address: string;
  isProven: boolean;
  isClosed: boolean;
  bytes: number;
  stop: () => void;
}

/** Counts what has arrived, not what was announced: who announces much and sends little holds little. */
export function createBodyRoom(options: BodyRoomOptions): BodyRoom {
  const { maxBytes, maxBytesPerAddress, maxUnprovenBytes } = options;
  const byAddress = new Map<string, number>();
  /** Those that hold something and give way. */
  const unproven = createOldestFirst<Space, null>();
  let held = 0;
  let heldUnproven = 0;
  const move = (space: Space, bytes: number): void => {
    const { address, isProven } = space;
    space.bytes += bytes;
    held += bytes;
    if (!isProven) heldUnproven += bytes;
    const own = (byAddress.get(address) ?? 0) + bytes;
    if (own > 0) byAddress.set(address, own);
    else byAddress.delete(address);
  };
  const close = (space: Space): void => {
    unproven.delete(space);
    if (space.bytes > 0) move(space, -space.bytes);
    space.isClosed = true;
  };
  const fits = ({ isProven }: Space, bytes: number): boolean =>
    held + bytes <= maxBytes && (isProven || heldUnproven + bytes <= maxUnprovenBytes);
  /** False when there is none left, or when it was this one. */
  const evictOldest = (asking: Space): boolean => {
    const victim = unproven.takeOldest();
    if (victim === undefined) return false;
    close(victim);
    victim.stop();
    return victim !== asking;
  };
  const take = (space: Space, bytes: number): boolean => {
    const own = byAddress.get(space.address) ?? 0;
    if (space.isClosed || own + bytes > maxBytesPerAddress) return false;
    while (!fits(space, bytes)) if (!evictOldest(space)) return false;
    if (!space.isProven) unproven.set(space, null);
    move(space, bytes);
    return true;
  };
  const keep = (space: Space): void => {
    unproven.delete(space);
    if (!space.isProven) heldUnproven -= space.bytes;
    space.isProven = true;
  };
  return {
    open: (address, isProven) => {
      const space: Space = { address, isProven, isClosed: false, bytes: 0, stop: () => undefined };
      return {
        take: (bytes) => take(space, bytes),
        onGiveWay: (stop) => void (space.stop = stop),
        keep: () => keep(space),
        close: () => close(space),
      };
    },
    get held() {
      return held;
    },
    get addresses() {
      return byAddress.size;
    },
  };
}
