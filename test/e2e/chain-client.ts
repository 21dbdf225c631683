import { once } from 'node:events';
import { WebSocket } from 'ws';
import { textOf } from './faulty-relay.ts';

/** A bare JSON-RPC client, to see what the server really sends. */
export interface RawClient {
  call(method: string, ...params: readonly unknown[]): Promise<unknown>;
  /** The whole answer, errors included. */
  ask(message: unknown): Promise<unknown>;
  /** Sends text as it is and returns the next message. */
  raw(text: string): Promise<unknown>;
  /** Notifications of one subscription so far. */
  notified(subscription: unknown): readonly unknown[];
  close(): void;
}

interface Message {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly params?: { readonly subscription: unknown; readonly result: unknown };
}

export async function rawClient(url: string): Promise<RawClient> {
  const socket = new WebSocket(url);
  const answers = new Map<unknown, (message: Message) => void>();
  const others: ((message: unknown) => void)[] = [];
  const notifications: { subscription: unknown; result: unknown }[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(textOf(data)) as Message;
    if (message.params !== undefined) notifications.push(message.params);
    else if (answers.has(message.id)) answers.get(message.id)?.(message);
    else others.shift()?.(message);
  });
  await once(socket, 'open');
  let last = 0;
  const ask = (message: object): Promise<Message> => {
    last += 1;
    const id = last;
    return new Promise((resolve) => {
      answers.set(id, resolve);
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...message }));
    });
  };
  return {
    ask: (message) => ask(message as object),
    call: async (method, ...params) => {
      const { result, error } = await ask({ method, params });
      if (error !== undefined) throw new Error(JSON.stringify(error));
      return result;
    },
    raw: (text) =>
      new Promise((resolve) => {
        others.push(resolve);
        socket.send(text);
      }),
    notified: (subscription) =>
      notifications.filter((one) => one.subscription === subscription).map(({ result }) => result),
    close: () => socket.terminate(),
  };
}

/** Waits until `done` holds, for at most a minute: a busy machine is no fault of what is tested. */
export async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not happen in a minute');
}
