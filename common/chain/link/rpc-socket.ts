import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import { isJsonObject, parseObject } from './json-object.ts';
import type { JsonObject } from './json-object.ts';

type Happening = 'connected' | 'disconnected' | 'error';
type Told = (error: Error | null, result: unknown) => void;

interface Subscription {
  /** Name of the notifications, e.g. `chain_newHead`. */
  readonly type: string;
  readonly tell: Told;
}

interface Waiting {
  readonly method: string;
  readonly done: Told;
  readonly subscription: Subscription | null;
}

const noRpc = 'it sends what is no JSON-RPC';
/** What the library can't do without: it throws where nobody catches it when the node refuses. */
const indispensable = ['state_subscribeRuntimeVersion', 'state_getMetadata'];
/** Notifications that overtook the answer to their subscription, kept until it comes. */
const earlyKept = 64;

/**
 * JSON-RPC over one WebSocket, in the shape that @polkadot/api takes for a provider. Its own one
 * lets a message that is no JSON end the process, and writes endpoints with their keys into errors.
 * Connects once; what can't be understood ends the connection, with the reason in `problem`.
 */
export class RpcSocket {
  readonly hasSubscriptions = true;
  readonly isClonable = false;
  readonly endpoint: string;
  readonly #listeners = new Map<Happening, Set<(value?: unknown) => void>>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #subscriptions = new Map<string, Told>();
  #early: (readonly [key: string, message: JsonObject])[] = [];
  #socket: WebSocket | null = null;
  #lastId = 0;
  #problem: string | null = null;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  /** Why it ended, other than by its closing; null otherwise. */
  get problem(): string | null {
    return this.#problem;
  }

  get isConnected(): boolean {
    return this.#problem === null && this.#socket?.readyState === WebSocket.OPEN;
  }

  clone(): RpcSocket {
    return new RpcSocket(this.endpoint);
  }

  async connect(): Promise<void> {
    if (this.#socket !== null) throw new Error('connected before');
    const socket = openSocket(this.endpoint);
    this.#socket = socket;
    socket.on('open', () => this.#emit('connected'));
    socket.on('message', (data) => this.#hear(data));
    // What is no WebSocket arrives here, and the closing after it.
    socket.on('error', (error) => this.#emit('error', error));
    socket.on('close', () => this.#end('the connection was cut'));
  }

  async disconnect(): Promise<void> {
    this.#socket?.close(1000);
  }

  on(type: Happening, listener: (value?: unknown) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  send<T = unknown>(method: string, params: unknown[]): Promise<T> {
    return this.#ask(method, params, null) as Promise<T>;
  }

  subscribe(
    type: string,
    method: string,
    params: unknown[],
    tell: (error: Error | null, result: unknown) => void,
  ): Promise<number | string> {
    return this.#ask(method, params, { type, tell }) as Promise<number | string>;
  }

  async unsubscribe(type: string, method: string, id: number | string): Promise<boolean> {
    if (!this.#subscriptions.delete(keyOf(type, id)) || !this.isConnected) return false;
    return this.send<boolean>(method, [id]);
  }

  #emit(type: Happening, value?: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(value);
  }

  #ask(method: string, params: unknown[], subscription: Subscription | null): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      if (socket === null || !this.isConnected)
        return reject(new Error(this.#problem ?? 'not connected'));
      this.#lastId += 1;
      const done: Told = (error, result) => (error === null ? resolve(result) : reject(error));
      this.#waiting.set(this.#lastId, { method, done, subscription });
      socket.send(JSON.stringify({ id: this.#lastId, jsonrpc: '2.0', method, params }));
    });
  }

  /** Nothing that an endpoint sends may throw out of here: that would end the process. */
  #hear(data: RawData): void {
    if (this.#problem !== null) return;
    try {
      const message = parseObject(textOf(data));
      if (message === null || message['jsonrpc'] !== '2.0') throw new Error(noRpc);
      if (typeof message['method'] === 'string') this.#notified(message);
      else this.#answered(message);
    } catch {
      this.breakOff(noRpc);
    }
  }

  /** Nothing more is heard of it, nor asked. */
  breakOff(problem: string): void {
    this.#end(problem);
    this.#socket?.terminate();
  }

  #answered(message: JsonObject): void {
    const id = Number(message['id']);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const error = errorIn(message);
    if (error !== null && indispensable.includes(waiting.method)) {
      return this.breakOff(`${waiting.method}: ${error.message}`);
    }
    this.#waiting.delete(id);
    const { result } = message;
    if (error !== null || result === undefined) {
      return waiting.done(error ?? new Error('an answer without a result'), undefined);
    }
    waiting.done(null, result);
    if (waiting.subscription !== null) this.#subscribed(waiting.subscription, result);
  }

  #subscribed({ type, tell }: Subscription, id: unknown): void {
    const key = keyOf(type, id);
    this.#subscriptions.set(key, tell);
    const early = this.#early.filter(([of]) => of === key);
    this.#early = this.#early.filter(([of]) => of !== key);
    for (const [, message] of early) this.#notified(message);
  }

  #notified(message: JsonObject): void {
    const { method, params } = message;
    if (!isJsonObject(params)) return;
    const key = keyOf(String(method), params['subscription']);
    const tell = this.#subscriptions.get(key);
    const error = errorIn(params);
    if (!isReadable(String(method), params['result'])) return this.breakOff(noRpc);
    if (tell === undefined)
      this.#early = [...this.#early, [key, message] as const].slice(-earlyKept);
    else tell(error, error === null ? params['result'] : undefined);
  }

  /** Told first, so that whoever waits knows of the broken line when its answer fails. */
  #end(problem: string): void {
    if (this.#problem !== null) return;
    this.#problem = problem;
    this.#emit('disconnected');
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#subscriptions.clear();
    for (const { done } of waiting) done(new Error(problem), undefined);
  }
}

/** The library's own error repeats the endpoint, with its keys. */
function openSocket(endpoint: string): WebSocket {
  try {
    return new WebSocket(endpoint);
  } catch {
    throw new Error('no WebSocket can be opened there');
  }
}

function keyOf(type: string, id: unknown): string {
  return `${type}:${String(id)}`;
}

/** The library throws where nobody catches it when it can't read one of these. */
function isReadable(type: string, result: unknown): boolean {
  if (type !== 'state_runtimeVersion') return true;
  return isJsonObject(result) && typeof result['specVersion'] === 'number';
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString();
}

/** `code: message: data`, by which a node's own error is told from a broken line. */
function errorIn({ error }: JsonObject): Error | null {
  if (!isJsonObject(error)) return null;
  const { code, message, data } = error;
  const more = data === undefined ? '' : typeof data === 'string' ? data : JSON.stringify(data);
  const text = more === '' ? String(message) : `${String(message)}: ${more.slice(0, 256)}`;
  return new Error(`${String(code)}: ${text}`);
}
