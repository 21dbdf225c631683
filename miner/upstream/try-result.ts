import type { Fault } from '../../common/fault.ts';
import { fault } from '../../common/fault.ts';
import type { HttpResponse } from '../../common/http-port.ts';

/** What an upstream sent cannot be read as an answer to what it was asked. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly detail: string;
}

/**
 * How one try of a request ended.
 * `failed`: there was no answer; another upstream may have one.
 * `busy`: the upstream has too much to do, which is no fault of its own.
 * `suspect`: it refused, or answered nonsense: its own fault or the input's. A second upstream
 * tells which.
 */
export type TryResult<A> =
  | { readonly kind: 'answer'; readonly answer: A }
  | { readonly kind: 'failed'; readonly fault: Fault }
  | { readonly kind: 'busy' }
  | { readonly kind: 'suspect'; readonly detail: string }
  | { readonly kind: 'cancelled' };

/** Said by servers and by the proxies before them when nothing was computed. */
const noAnswer = new Set([408, 502, 503, 504]);

export function tryResult<A extends object>(
  reply: HttpResponse | Fault,
  read: (response: HttpResponse) => A | Unreadable,
): TryResult<A> {
  if (reply.kind === 'fault') {
    return reply.reason === 'cancelled' ? { kind: 'cancelled' } : { kind: 'failed', fault: reply };
  }
  const { status } = reply;
  if (status === 429) return { kind: 'busy' };
  if (noAnswer.has(status)) return { kind: 'failed', fault: statusFault(status) };
  // The text of a refusal may repeat what it was sent, a key included: it is not looked at.
  if (status !== 200) return { kind: 'suspect', detail: `status ${status}` };
  const answer = read(reply);
  return isUnreadable(answer)
    ? { kind: 'suspect', detail: answer.detail }
    : { kind: 'answer', answer };
}

export function unreadable(detail: string): Unreadable {
  return { kind: 'unreadable', detail };
}

export function isUnreadable(value: object): value is Unreadable {
  return 'kind' in value && value.kind === 'unreadable';
}

/** True when the request never reached a server, so that sending it again cannot do it twice. */
export function wasNeverSent<A>(result: TryResult<A>): boolean {
  return result.kind === 'failed' && result.fault.reason === 'unreachable';
}

function statusFault(status: number): Fault {
  return fault('http-status', `status ${status}`);
}
