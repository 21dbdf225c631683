import type { Clock } from '../../common/platform-port.ts';
import type { BatchRefusal } from './batcher.ts';
import { createBoundedQueue } from './bounded-queue.ts';
import type { AskedTicket, Asker, QueueLimits } from './bounded-queue.ts';

/** What waits for its turn, and how it hears that it gets none. */
export interface InLine {
  readonly asker: Asker;
  /** Of its turn; above 0. */
  readonly cost: number;
  refuse(refusal: BatchRefusal): void;
}

/**
 * Work that waits for one of a few places, in the fair turns of its callers. What nobody waits for
 * any more leaves by itself, and begins nothing.
 */
export interface WaitingLine<W extends InLine> {
  readonly size: number;
  /** Refuses it when there is no room. */
  push(work: W): void;
  /** The work whose turn it is, of somebody who still waits. */
  take(): W | null;
  /** Refuses all that waits, and all that comes. */
  close(): void;
}

interface Place<W> extends AskedTicket {
  readonly work: W;
}

export function createWaitingLine<W extends InLine>(
  clock: Clock,
  limits: QueueLimits,
): WaitingLine<W> {
  const queue = createBoundedQueue<Place<W>>(
    { clock, refuse: ({ work }, reason) => work.refuse({ kind: 'refused', reason }) },
    limits,
  );
  return {
    get size() {
      return queue.size;
    },
    push: (work) => {
      const { asker, cost } = work;
      const { caller = '' } = asker;
      const classAt = queue.classOf(asker);
      queue.push({ caller, classAt, key: '', rows: 1, cost, job: asker, work });
      queue.sweep();
    },
    take: () => {
      for (let next = queue.next(); next !== undefined; next = queue.next()) {
        if (queue.dropIfUseless(next)) continue;
        queue.takeGroup(1);
        return next.work;
      }
      return null;
    },
    close: queue.close,
  };
}
