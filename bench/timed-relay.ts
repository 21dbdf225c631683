import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { RawData } from 'ws';

/** Stands between a client and a node, and knows how long the client waited for the node. */
export interface TimedRelay {
  readonly url: string;
  /** Milliseconds, since the last time it was asked, in which at least one request was under way. */
  takeWaitedMs(): number;
  close(): Promise<void>;
}

export async function startTimedRelay(target: string): Promise<TimedRelay> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const meter = new WaitMeter();
  server.on('connection', (client) => relay(client, new WebSocket(target), meter));
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeWaitedMs: () => meter.take(),
    close: async () => {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

function relay(client: WebSocket, node: WebSocket, meter: WaitMeter): void {
  const opened = once(node, 'open');
  client.on('message', (data) => {
    const text = textOf(data);
    for (const id of idsOf(text)) meter.began(id);
    void opened.then(() => node.send(text));
  });
  node.on('message', (data) => {
    const text = textOf(data);
    for (const id of idsOf(text)) meter.ended(id);
    client.send(text);
  });
  client.on('close', () => node.terminate());
  node.on('close', () => client.terminate());
}

/** The time in which at least one request is under way. */
class WaitMeter {
  readonly #open = new Set<string>();
  #since = 0;
  #waitedMs = 0;

  began(id: string): void {
    if (this.#open.size === 0) this.#since = performance.now();
    this.#open.add(id);
  }

  ended(id: string): void {
    if (!this.#open.delete(id) || this.#open.size > 0) return;
    this.#waitedMs += performance.now() - this.#since;
  }

  take(): number {
    const waited = this.#waitedMs;
    this.#waitedMs = 0;
    return waited;
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.from(data as Uint8Array).toString();
}

/** Of one message or a batch; notifications have none. */
function idsOf(text: string): readonly string[] {
  const parsed = JSON.parse(text) as { id?: unknown } | { id?: unknown }[];
  const all = Array.isArray(parsed) ? parsed : [parsed];
  return all.flatMap(({ id }) => (id === undefined || id === null ? [] : [JSON.stringify(id)]));
}
