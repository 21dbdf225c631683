/** What a peer did wrong, as a value: a peer's failure is expected and never thrown. */
export type FaultReason =
  | 'no-axon'
  | 'address-refused'
  | 'unreachable'
  | 'timeout'
  | 'reset'
  | 'redirect'
  | 'too-large'
  | 'encoded'
  | 'http-status'
  /** 401 or 403: it says that the fault is ours. */
  | 'not-admitted'
  | 'bad-protocol'
  | 'bad-receipt'
  | 'wrong-key'
  | 'bad-answer'
  | 'cancelled';

export interface Fault {
  readonly kind: 'fault';
  readonly reason: FaultReason;
  /** For logs at debug and for `explain`; text that came from the network is cut and cleaned. */
  readonly detail: string;
}

export function fault(reason: FaultReason, detail: string): Fault {
  return { kind: 'fault', reason, detail: cleanText(detail) };
}

export function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'fault';
}

/** Printable single-line text of at most 200 characters. */
export function cleanText(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200);
}
