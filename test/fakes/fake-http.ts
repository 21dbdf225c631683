import { fault } from '../../common/fault.ts';
import type { Fault } from '../../common/fault.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../common/http-port.ts';

/** What a peer in memory does with a request. */
export type FakeReply =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array;
      /** Default 5. */
      readonly latencyMs?: number;
    }
  | 'hang'
  | 'reset'
  | 'garbage';

export type FakePeer = (request: HttpRequest) => FakeReply | Promise<FakeReply>;

export interface FakeHttp extends HttpClient {
  /** A peer at an origin such as `http://10.0.0.1:8091`; null takes it away. */
  serve(origin: string, peer: FakePeer | null): void;
  /** Every request that reached a peer, in order. */
  readonly requests: readonly HttpRequest[];
  /** The largest number of requests that were under way at once. */
  readonly mostAtOnce: number;
}

/** Follows the rules of the port as http-undici does; both run the same contract. */
export function createFakeHttp(): FakeHttp {
  const peers = new Map<string, FakePeer>();
  const requests: HttpRequest[] = [];
  let under = 0;
  let most = 0;
  let closed = false;

  async function request(asked: HttpRequest): Promise<HttpResponse | Fault> {
    if (asked.signal?.aborted === true || closed) return fault('cancelled', 'stopped');
    const peer = peers.get(new URL(asked.url).origin);
    if (peer === undefined) return fault('unreachable', 'ECONNREFUSED');
    requests.push(asked);
    under += 1;
    most = Math.max(most, under);
    try {
      const reply = await unlessCancelled(peer(asked), asked);
      return reply === 'cancelled' ? fault('cancelled', 'stopped') : answerOf(asked, reply);
    } finally {
      under -= 1;
    }
  }

  return {
    request,
    requests,
    get mostAtOnce() {
      return most;
    },
    serve(origin, peer) {
      if (peer === null) peers.delete(origin);
      else peers.set(origin, peer);
    },
    async close() {
      closed = true;
    },
  };
}

/** The reply, or the cancellation when that comes first. */
function unlessCancelled(
  reply: FakeReply | Promise<FakeReply>,
  { signal }: HttpRequest,
): Promise<FakeReply | 'cancelled'> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve('cancelled');
    signal?.addEventListener('abort', onAbort, { once: true });
    void Promise.resolve(reply)
      .then(resolve, reject)
      .finally(() => signal?.removeEventListener('abort', onAbort));
  });
}

function answerOf(asked: HttpRequest, reply: FakeReply): HttpResponse | Fault {
  if (reply === 'hang') return fault('timeout', `no complete answer within ${asked.timeoutMs} ms`);
  if (reply === 'reset') return fault('reset', 'ECONNRESET');
  if (reply === 'garbage') return fault('bad-protocol', 'HPE_INVALID_CONSTANT');
  const { status, headers = {}, body = new Uint8Array(), latencyMs = 5 } = reply;
  if (latencyMs > asked.timeoutMs) return fault('timeout', 'too slow');
  if (status >= 300 && status < 400) return fault('redirect', `status ${status}`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return fault('encoded', encoding);
  if (body.length > asked.maxBodyBytes) return fault('too-large', `${body.length} bytes`);
  return { kind: 'response', status, headers, body, latencyMs };
}
