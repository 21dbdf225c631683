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
 * `failed`: there was no answer, or none that could be taken; another upstream may have one.
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

/**
 * Said by servers and by the proxies before them when nothing was computed: the key, the route or
 * the model is wrong, or there is too much to do. No input is to blame for these.
 */
const noAnswer = new Set([401, 402, 403, 404, 405, 407, 408, 410, 502, 503, 504]);

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
export function wasNeverSent(result: TryResult<unknown>): boolean {
  return result.kind === 'failed' && result.fault.reason === 'unreachable';
}

/** True for what a second try at the same upstream may mend: a connection that was lost. */
export function mayPass(result: TryResult<unknown>): boolean {
  return result.kind === 'failed' && ['unreachable', 'reset'].includes(result.fault.reason);
}

function statusFault(status: number): Fault {
  return fault('http-status', `status ${status}`);
}
