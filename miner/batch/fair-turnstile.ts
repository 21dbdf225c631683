import type { Clock } from '../../common/platform-port.ts';
import type { BatchRefusal } from './batcher.ts';
import type { Asker, QueueLimits } from './bounded-queue.ts';
import { createWaitingLine } from './waiting-line.ts';
import type { InLine } from './waiting-line.ts';

export interface Entered {
  readonly kind: 'entered';
  /** Must be called; more than once does no harm. */
  leave(): void;
}

/** Lets a few pieces of work run at a time, in the fair turns of their callers. */
export interface FairTurnstile {
  enter(asker: Asker, cost: number): Promise<Entered | BatchRefusal>;
  readonly waiting: number;
  close(): void;
}

interface Comer extends InLine {
  readonly letIn: (entered: Entered) => void;
}

/** A caller who finds a free place still waits in line when others do. */
export function createFairTurnstile(
  clock: Clock,
  places: number,
  options: QueueLimits,
): FairTurnstile {
  const line = createWaitingLine<Comer>(clock, options);
  let inside = 0;
  const pump = (): void => {
    while (inside < places) {
      const next = line.take();
      if (next === null) return;
      inside += 1;
      next.letIn({ kind: 'entered', leave: leaveOnce() });
    }
  };
  const leaveOnce = (): (() => void) => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inside -= 1;
      pump();
    };
  };
  return {
    enter: (asker, cost) =>
      new Promise((resolve) => {
        line.push({ asker, cost, refuse: resolve, letIn: resolve });
        pump();
      }),
    get waiting() {
      return line.size;
    },
    close: () => line.close(),
  };
}
