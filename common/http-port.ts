import type { Fault } from './fault.ts';
import type { TlsKey } from './tls-key.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** From the first byte sent to the last byte received. */
  readonly timeoutMs: number;
  /** The answer is cut off, as fault `too-large`, once it is longer than this. */
  readonly maxBodyBytes: number;
  /** For https to a stranger: whose certificate it must be. Anybody else is a fault `wrong-key`. */
  readonly tlsKey?: TlsKey;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly kind: 'response';
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** From the moment the request was handed to a connection to the last byte, monotonic clock. */
  readonly latencyMs: number;
}

/**
 * An HTTP client for untrusted peers: follows no redirect, decodes no content encoding, keeps no
 * cookies, counts only time on the wire, refuses addresses that the policy forbids.
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse | Fault>;
  close(): Promise<void>;
}
