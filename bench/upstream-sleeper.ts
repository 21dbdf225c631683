import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Open Inference Protocol servers whose model does nothing but sleep: `COUNT SLEEP_MS SLOTS`. Each
 * runs SLOTS requests at a time, as a device does, and the others wait. Prints the ports as JSON.
 */
const [count = 1, sleepMs = 50, slots = 8] = process.argv.slice(2).map(Number);

const tensor = { name: 'x', datatype: 'FP32', shape: [-1, 4] };
const metadata = JSON.stringify({
  name: 'sleep',
  versions: ['1'],
  platform: 'sleep',
  inputs: [tensor],
  outputs: [{ ...tensor, name: 'y' }],
});
const output = { name: 'y', datatype: 'FP32', shape: [1, 4], data: [0, 0, 0, 0] };
const answer = JSON.stringify({ model_name: 'sleep', model_version: '1', outputs: [output] });

function createSlots(): () => Promise<() => void> {
  let free = slots;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return release;
  };
}

async function infer(request: IncomingMessage, take: () => Promise<() => void>): Promise<void> {
  request.resume();
  const [release] = await Promise.all([take(), once(request, 'end')]);
  await sleep(sleepMs);
  release();
}

async function serve(): Promise<number> {
  const take = createSlots();
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'POST') await infer(request, take);
    const body = request.method === 'POST' ? answer : metadata;
    const known = !request.url?.endsWith('/config');
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' }).end(body);
  };
  const server = createServer((request, response) => void reply(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const ports = await Promise.all(Array.from({ length: count }, serve));
console.log(JSON.stringify(ports));
