import type { Hotkey } from '../common/brand.ts';
import type { Fault } from '../common/fault.ts';
import type { Receipt } from '../common/receipt.ts';
import type { Judgement } from '../tasks/task-port.ts';

/** What was sent to one miner, as it is recorded in the evidence. */
export interface SentRequest {
  readonly url: string;
  readonly nonceNs: bigint;
  /** Lower-case hex, over the body as sent. */
  readonly sha256: string;
  readonly body: Uint8Array;
}

export interface GotAnswer {
  readonly status: number;
  readonly sha256: string;
  readonly body: Uint8Array;
  /** Measured by this node's monotonic clock, on the wire alone. */
  readonly latencyMs: number;
  /** The miner's receipt once it was verified. */
  readonly receipt: Receipt | null;
}

/** What came of one question to one miner. */
export interface Outcome {
  readonly uid: number;
  readonly hotkey: Hotkey;
  readonly task: string;
  /** null when nothing was sent: no axon, or an address that is not dialled. */
  readonly sent: SentRequest | null;
  readonly got: GotAnswer | null;
  readonly result: Judgement | Fault;
}
