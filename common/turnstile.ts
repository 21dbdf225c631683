/** Lets a number of tasks run at a time; a number of others may wait, in order. */
export interface Turnstile {
  /** Resolves with the way out, which must be called; null when there is no room to wait. */
  enter(): Promise<() => void> | null;
  readonly waiting: number;
  readonly inside: number;
}

export function createTurnstile(places: number, maxWaiting: number): Turnstile {
  const line: (() => void)[] = [];
  let inside = 0;
  const leave = (): void => {
    const next = line.shift();
    // The place goes straight to who waited longest.
    if (next === undefined) inside -= 1;
    else next();
  };
  const leaveOnce = (): (() => void) => {
    let left = false;
    return () => {
      if (!left) leave();
      left = true;
    };
  };
  return {
    enter: () => {
      if (inside < places) {
        inside += 1;
        return Promise.resolve(leaveOnce());
      }
      if (line.length >= maxWaiting) return null;
      return new Promise((resolve) => line.push(() => resolve(leaveOnce())));
    },
    get waiting() {
      return line.length;
    },
    get inside() {
      return inside;
    },
  };
}
