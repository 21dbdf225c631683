import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { RawData } from 'ws';

/** Relays JSON-RPC, except for the methods that it answers with an error of its own. */
export interface FaultyRelay {
  readonly url: string;
  fail(method: string, error: { code: number; message: string; data?: string }): void;
  heal(): void;
  /** Answers the method with this, as it is. */
  answer(method: string, message: string | Buffer): void;
  /** Sends this to whoever is connected, as it is. */
  babble(message: string | Buffer): void;
  close(): Promise<void>;
}

export function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString();
}

export async function startRelay(target: string): Promise<FaultyRelay> {
  const faults = new Map<string, object>();
  const answers = new Map<string, string | Buffer>();
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (client) => {
    const upstream = new WebSocket(target);
    const opened = once(upstream, 'open').catch(() => undefined);
    client.on('message', (data) => {
      const text = textOf(data);
      const { id, method } = JSON.parse(text) as { id: number; method: string };
      const error = faults.get(method);
      const answer = answers.get(method);
      if (answer !== undefined) client.send(answer);
      else if (error !== undefined) client.send(JSON.stringify({ jsonrpc: '2.0', id, error }));
      else void opened.then(() => upstream.send(text));
    });
    upstream.on('message', (data) => client.send(textOf(data)));
    client.on('close', () => upstream.terminate());
    upstream.on('error', () => undefined);
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: (method, error) => void faults.set(method, error),
    heal: () => faults.clear(),
    answer: (method, message) => void answers.set(method, message),
    babble: (message) => {
      for (const client of server.clients) client.send(message);
    },
    close: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
