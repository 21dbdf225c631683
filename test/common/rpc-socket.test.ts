import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { RpcSocket } from '../../common/chain/link/rpc-socket.ts';
import { createLogger } from '../../common/node/log.ts';
import { createPlatform } from '../../common/node/platform.ts';

type Message = string | Buffer;
interface Asked {
  readonly id: number;
  readonly method: string;
}

const noRpc: readonly (readonly [string, Message])[] = [
  ['text that is no JSON', '<html>busy</html>'],
  ['nothing', ''],
  ['a binary frame', Buffer.from([0, 255, 254, 1])],
  ['a number', '42'],
  ['null', 'null'],
  ['a list', '[]'],
  ['an object of something else', '{"hello":1}'],
];

describe('JSON-RPC over a socket', () => {
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  /** A real server, that greets with `first` and answers each question with what is given. */
  async function serve(answers: (asked: Asked) => readonly Message[], first: Message[] = []) {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (client) => {
      for (const message of first) client.send(message);
      client.on('message', (data) => {
        for (const one of answers(JSON.parse((data as Buffer).toString()) as Asked))
          client.send(one);
      });
    });
    ends.push(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    await once(server, 'listening');
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function open(url: string): Promise<RpcSocket> {
    const socket = new RpcSocket(url);
    const connected = new Promise<void>((resolve) => socket.on('connected', () => resolve()));
    await socket.connect();
    await connected;
    ends.push(() => void socket.disconnect());
    return socket;
  }

  const rpc = (more: object): string => JSON.stringify({ jsonrpc: '2.0', ...more });

  it('answers questions, with the error of the node for what it refuses', async () => {
    const error = { code: 1010, message: 'Invalid Transaction', data: 'Custom error: 6' };
    const url = await serve(({ id, method }) =>
      method === 'good' ? [rpc({ id, result: 7 })] : [rpc({ id, error })],
    );
    const socket = await open(url);
    expect(await socket.send('good', [])).toBe(7);
    await expect(socket.send('bad', [])).rejects.toThrow(
      '1010: Invalid Transaction: Custom error: 6',
    );
    expect(socket.isConnected).toBe(true);
  });

  it('tells a subscription what came before its answer too, and nothing after its end', async () => {
    const note = (result: number) =>
      rpc({ method: 'x_new', params: { subscription: 's', result } });
    const url = await serve(({ id, method }) => {
      if (method === 'x_subscribe') return [note(1), rpc({ id, result: 's' }), note(2)];
      return [note(3), rpc({ id, result: true })];
    });
    const socket = await open(url);
    const told: unknown[] = [];
    const id = await socket.subscribe('x_new', 'x_subscribe', [], (_, result) => told.push(result));
    expect(await socket.unsubscribe('x_new', 'x_unsubscribe', id)).toBe(true);
    expect(told).toEqual([1, 2]);
  });

  it.each(noRpc)('breaks the line off at %s, and says why', async (_, message) => {
    const socket = await open(await serve(() => [message]));
    const order: string[] = [];
    socket.on('disconnected', () => order.push('disconnected'));
    const asked = socket.send('x', []).catch((error: unknown) => {
      order.push('failed');
      return error;
    });
    expect(await asked).toEqual(new Error('it sends what is no JSON-RPC'));
    expect(order).toEqual(['disconnected', 'failed']);
    expect(socket.isConnected).toBe(false);
    expect(socket.problem).toBe('it sends what is no JSON-RPC');
  });

  it.each([
    ['refuses the metadata', 'state_getMetadata', { error: { code: -32601, message: 'no' } }],
    ['refuses news of the runtime', 'state_subscribeRuntimeVersion', { error: { code: 1 } }],
  ])('breaks off where a node %s: the library would throw', async (_, method, answer) => {
    const socket = await open(await serve(({ id }) => [rpc({ id, ...answer })]));
    await expect(socket.send(method, [])).rejects.toThrow(method);
    expect(socket.isConnected).toBe(false);
  });

  it.each(noRpc)('an endpoint that sends %s is unreachable, and says why', async (_, message) => {
    const base = { platform: createPlatform(), logger: createLogger({ level: 'silent' }) };
    for (const url of [await serve(() => [message]), await serve(() => [], [message])]) {
      await expect(connectChain({ ...base, endpoints: [url] })).rejects.toMatchObject({
        code: 'CHAIN_UNREACHABLE',
        message: expect.stringContaining('it sends what is no JSON-RPC') as string,
      });
    }
  });
});
