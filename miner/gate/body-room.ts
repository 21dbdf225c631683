/** Memory for the bodies of requests under way: of all together, and of one address. */
export interface BodyRoom {
  open(address: string): BodySpace;
  /** Bytes that are held. */
  readonly held: number;
  /** Addresses that hold some. */
  readonly addresses: number;
}

/** What one request holds. */
export interface BodySpace {
  /** False when there is no room for so many more bytes; they are not counted then. */
  take(bytes: number): boolean;
  /** Gives back all; may be called again. */
  close(): void;
}

export interface BodyRoomOptions {
  readonly maxBytes: number;
  readonly maxBytesPerAddress: number;
}

/** Counts what has arrived, not what was announced: who announces much and sends little holds little. */
export function createBodyRoom({ maxBytes, maxBytesPerAddress }: BodyRoomOptions): BodyRoom {
  const byAddress = new Map<string, number>();
  let held = 0;
  const move = (address: string, bytes: number): void => {
    held += bytes;
    const own = (byAddress.get(address) ?? 0) + bytes;
    if (own > 0) byAddress.set(address, own);
    else byAddress.delete(address);
  };
  return {
    open: (address) => {
      let mine = 0;
      return {
        take: (bytes) => {
          const own = byAddress.get(address) ?? 0;
          if (held + bytes > maxBytes || own + bytes > maxBytesPerAddress) return false;
          mine += bytes;
          move(address, bytes);
          return true;
        },
        close: () => {
          if (mine > 0) move(address, -mine);
          mine = 0;
        },
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
