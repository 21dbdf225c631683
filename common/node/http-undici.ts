import { isIP } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Agent, errors } from 'undici';
import type { Dispatcher } from 'undici';
import { messageOf } from '../errors.ts';
import { fault } from '../fault.ts';
import type { Fault } from '../fault.ts';
import { toHex } from '../hex.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../http-port.ts';
import { tlsKeyBytes } from '../tls-key.ts';
import type { TlsKey } from '../tls-key.ts';
import { createAbortWatch } from './abort-watch.ts';
import type { AbortWatch } from './abort-watch.ts';
import { pinnedConnector } from './pinned-connector.ts';

export interface HttpClientOptions {
  /** Time to set up a connection; it is not counted as the peer's latency. Default 3000. */
  readonly connectTimeoutMs?: number;
  /** Idle connections are given up after this. Default 2000: below what servers commonly keep. */
  readonly keepAliveMs?: number;
  /** Why an address is not dialled; null when it is. IP literals only get here. */
  readonly refuse?: (ip: string, port: number) => string | null;
  /** The operator names the servers: host names and https are dialled too. Default false. */
  readonly operatorHosts?: boolean;
  /** PEM of the authorities that sign certificates; default the well-known ones. */
  readonly ca?: string | undefined;
}

type Answer = HttpResponse | Fault;
type Headers = Readonly<Record<string, string | string[] | undefined>>;

const maxHeaderBytes = 16 * 1024;

/**
 * See the port. Hosts of strangers must be IP literals: a name would bring in what a resolver
 * answers.
 */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const connectTimeoutMs = options.connectTimeoutMs ?? 3000;
  const agentOf = (connect: Connect): Agent => new Agent({ ...settings, connect });
  const settings = {
    keepAliveTimeout: options.keepAliveMs ?? 2000,
    keepAliveMaxTimeout: options.keepAliveMs ?? 2000,
    maxHeaderSize: maxHeaderBytes,
    pipelining: 1,
    // Each request has its own deadline; the agent's would only come first with another error.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const { ca } = options;
  const agent = agentOf({ timeout: connectTimeoutMs, ...(ca === undefined ? {} : { ca }) });
  const pinned = keptAgents((tlsKey) => agentOf(pinnedConnector(tlsKey, connectTimeoutMs)));
  const refuse = options.refuse ?? (() => null);
  const stops = createAbortWatch();
  const find = options.operatorHosts === true ? operatorTarget : targetOf;
  return {
    async request(request) {
      const target = find(request.url, refuse, request.tlsKey);
      if ('kind' in target) return target;
      if (request.signal?.aborted === true) return fault('cancelled', 'stopped before it was sent');
      return new Promise<Answer>((resolve) => {
        const exchange = new Exchange(request, { connectTimeoutMs, stops }, resolve);
        const { tlsKey } = request;
        const through = tlsKey === undefined ? agent : pinned.of(tlsKey);
        through.dispatch(dispatchOptions(request, target), exchange);
      });
    },
    close: async () => {
      await Promise.all([agent.destroy(), pinned.destroy()]);
    },
  };
}

/** One agent for each key: a connection that was made for one must not serve another. */
function keptAgents(make: (tlsKey: TlsKey) => Agent): {
  of(tlsKey: TlsKey): Agent;
  destroy(): Promise<void>;
} {
  const kept = new Map<string, Agent>();
  const dropOldest = (): void => {
    const [oldest] = kept;
    if (oldest === undefined) return;
    kept.delete(oldest[0]);
    // Requests under way end first.
    void oldest[1].close();
  };
  return {
    of: (tlsKey) => {
      const name = toHex(tlsKeyBytes(tlsKey));
      const agent = kept.get(name) ?? make(tlsKey);
      kept.delete(name);
      kept.set(name, agent);
      if (kept.size > maxKeptAgents) dropOldest();
      return agent;
    },
    destroy: async () => {
      await Promise.all([...kept.values()].map((agent) => agent.destroy()));
    },
  };
}

/** More than a subnet has axons. */
const maxKeptAgents = 1024;

/** How connections are made. */
type Connect = NonNullable<Agent.Options['connect']>;

interface Target {
  readonly origin: string;
  readonly path: string;
}

/** https among strangers stands on the key that the chain names, and on nothing else. */
function targetOf(
  text: string,
  refuse: (ip: string, port: number) => string | null,
  tlsKey: TlsKey | undefined,
): Target | Fault {
  const url = URL.canParse(text) ? new URL(text) : null;
  const scheme = tlsKey === undefined ? 'http' : 'https';
  if (url?.protocol !== `${scheme}:`) return fault('address-refused', `no ${scheme}:// URL`);
  const ip = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(ip) === 0) return fault('address-refused', 'the host is no IP address');
  const port = url.port === '' ? defaultPorts[scheme] : Number(url.port);
  const why = port === 0 ? 'port 0' : refuse(ip, port);
  if (why !== null) return fault('address-refused', why);
  return { origin: url.origin, path: url.pathname + url.search };
}

const defaultPorts = { http: 80, https: 443 } as const;

function operatorTarget(text: string): Target | Fault {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && ['http:', 'https:'].includes(url.protocol)
    ? { origin: url.origin, path: url.pathname + url.search }
    : fault('address-refused', 'no http:// or https:// URL');
}

function dispatchOptions(request: HttpRequest, target: Target): Dispatcher.DispatchOptions {
  return {
    origin: target.origin,
    path: target.path,
    method: request.method,
    headers: { ...request.headers, 'accept-encoding': 'identity' },
    body: request.body ?? null,
  };
}

interface ExchangeDeps {
  readonly connectTimeoutMs: number;
  /** Shared by all: many requests commonly have one signal. */
  readonly stops: AbortWatch;
}

/**
 * One request on its way. Data is counted and kept as it comes; the first thing that ends the
 * exchange decides what it was, whatever the connection does afterwards.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest;
  readonly #stops: AbortWatch;
  readonly #resolve: (answer: Answer) => void;
  readonly #onAbort = (): void => this.#end(fault('cancelled', 'stopped by this node'));
  #timer: ReturnType<typeof setTimeout>;
  #controller: Dispatcher.DispatchController | null = null;
  #startedAt = 0;
  #done = false;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(
    request: HttpRequest,
    { connectTimeoutMs, stops }: ExchangeDeps,
    resolve: (answer: Answer) => void,
  ) {
    this.#request = request;
    this.#stops = stops;
    this.#resolve = resolve;
    // Undici's own connect timer ticks coarsely; this one also covers what comes before it.
    this.#timer = setTimeout(() => {
      this.#end(fault('unreachable', `no connection within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    if (request.signal !== undefined) stops.add(request.signal, this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#done) return controller.abort(ended);
    clearTimeout(this.#timer);
    const { timeoutMs } = this.#request;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(() => {
      this.#end(fault('timeout', `no complete answer within ${timeoutMs} ms`));
    }, timeoutMs);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Headers,
  ): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = plainHeaders(headers);
    const wrong = headFault(status, this.#headers, this.#request.maxBodyBytes);
    if (wrong !== null) this.#end(wrong);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#done) return;
    this.#length += chunk.length;
    if (this.#length > this.#request.maxBodyBytes) return this.#end(tooLarge(this.#request));
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const latencyMs = performance.now() - this.#startedAt;
    const [status, headers] = [this.#status, this.#headers];
    const body = joined(this.#chunks, this.#length);
    this.#end({ kind: 'response', status, headers, body, latencyMs });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end(faultOf(error));
  }

  #end(answer: Answer): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#timer);
    const { signal } = this.#request;
    if (signal !== undefined) this.#stops.remove(signal, this.#onAbort);
    this.#chunks = [];
    this.#resolve(answer);
    if (answer.kind === 'fault') this.#controller?.abort(ended);
  }
}

const ended = new Error('the exchange has ended');

function tooLarge(request: HttpRequest): Fault {
  return fault('too-large', `more than ${request.maxBodyBytes} bytes`);
}

/** What the head of an answer already gives away, before a byte of the body is read. */
function headFault(
  status: number,
  headers: Readonly<Record<string, string>>,
  maxBodyBytes: number,
): Fault | null {
  if (status >= 300 && status < 400) return fault('redirect', `status ${status}`);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return fault('encoded', `content-encoding ${encoding}`);
  }
  const length = Number(headers['content-length'] ?? 0);
  return length > maxBodyBytes ? fault('too-large', `content-length ${length}`) : null;
}

/** Repeated headers are joined with a comma, so that a reader that wants exactly one sees it. */
function plainHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value ?? '')]),
  );
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

const unreachable = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'EACCES',
  'EINVAL',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** What OpenSSL says of a certificate that nobody it trusts vouches for, or not for this host. */
const distrusted = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'INVALID_CA',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

function faultOf(error: Error): Fault {
  const code = 'code' in error ? String(error.code) : '';
  if (error instanceof errors.ConnectTimeoutError || unreachable.has(code)) {
    return fault('unreachable', code);
  }
  if (distrusted.has(code)) return fault('wrong-key', code);
  if (code === 'WRONG_TLS_KEY') return fault('wrong-key', messageOf(error));
  if (error instanceof errors.HeadersOverflowError) return fault('bad-protocol', code);
  if (code.startsWith('HPE_') || error instanceof errors.HTTPParserError) {
    return fault('bad-protocol', code);
  }
  if (error instanceof errors.ResponseContentLengthMismatchError) return fault('reset', code);
  return fault('reset', code === '' ? messageOf(error) : code);
}
