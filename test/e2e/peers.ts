import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { btauthHeaders } from '../../common/wire/btauth.ts';
import { toHex } from '../../common/hex.ts';
import type { Signer } from '../../common/signer-port.ts';
import { receiptHeaders, signReceipt } from '../../common/wire/receipt.ts';
import { nearestMean } from '../sim/sim-models.ts';
import { simMiner } from '../sim/sim-miner.ts';
import { train } from '../sim/world.ts';
import { axonHost, netuid, platform, sr25519 } from './harness.ts';
import type { TestSubnet } from './harness.ts';

/** Peers on real sockets that a validator has to live with. */
export const hostileKinds = [
  'forged',
  'swapped',
  'huge',
  'declared',
  'garbage',
  'drip',
  'redirect',
  'noise',
] as const;
export type HostileKind = (typeof hostileKinds)[number];

export interface Peer {
  readonly port: number;
  /** Requests that came in so far. */
  asked(): number;
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, body: Uint8Array, response: ServerResponse) => void;

export const hugeBytes = 50 * 1024 * 1024;
const mebibyte = Buffer.alloc(1024 * 1024, 0x20);
const stranger = Buffer.from('this is no answer, whatever the receipt says');

/** Puts a peer's address on chain, signed by its hotkey. */
export async function announcePeer(subnet: TestSubnet, name: string, peer: Peer): Promise<void> {
  const { port } = peer;
  const call = { call: 'serve_axon', netuid, version: 1, ip: axonHost, port } as const;
  const outcome = await subnet.chain.submit(call, subnet.key(name));
  if (outcome.kind !== 'included') throw new Error(`${name}: ${outcome.message}`);
}

/** An honest miner of middling skill, inside the test's own process. */
export function startHonest(
  signer: Signer,
  onRequest: () => void = () => undefined,
): Promise<Peer> {
  return serve(honestAnswer(signer, onRequest));
}

function honestAnswer(signer: Signer, onRequest: () => void = () => undefined): Answer {
  const peer = simMiner({ signer, verifier: sr25519, platform, model: nearestMean(train) });
  return (request, body, response) => {
    onRequest();
    const url = `http://${axonHost}${request.url ?? '/'}`;
    const asked = { method: 'POST', url, headers: plain(request), body } as const;
    void Promise.resolve(peer({ ...asked, timeoutMs: 1000, maxBodyBytes: 1e6 })).then((reply) => {
      if (typeof reply === 'string') return response.destroy();
      response.writeHead(reply.status, reply.headers);
      response.end(reply.body);
    });
  };
}

export function startHostile(kind: HostileKind, signer: Signer, thief: Signer): Promise<Peer> {
  return kind === 'noise' ? startNoise() : serve(hostileAnswer(kind, signer, thief));
}

function hostileAnswer(kind: Exclude<HostileKind, 'noise'>, signer: Signer, thief: Signer): Answer {
  switch (kind) {
    case 'forged':
      // All the right words, signed by a key that is not this miner's.
      return honestAnswer({ ...signer, ss58: signer.ss58, sign: (text) => thief.sign(text) });
    case 'swapped':
      // A good receipt, for another answer than the one that is sent.
      return (request, body, response) => {
        const headers = receiptFor(request, body, stranger, signer);
        response.writeHead(200, headers).end('{"outputs":[]}');
      };
    case 'garbage':
      return (request, body, response) => {
        response.writeHead(200, receiptFor(request, body, stranger, signer)).end(stranger);
      };
    case 'huge':
      return (_request, _body, response) => pour(response.writeHead(200), hugeBytes);
    case 'declared':
      return (_request, _body, response) =>
        pour(response.writeHead(200, { 'content-length': hugeBytes }), hugeBytes);
    case 'drip':
      return (_request, _body, response) => drip(response.writeHead(200));
    case 'redirect':
      return (request, _body, response) =>
        void response.writeHead(307, { location: `http://${axonHost}:8091${request.url}` }).end();
  }
}

function receiptFor(
  request: IncomingMessage,
  requestBody: Uint8Array,
  responseBody: Uint8Array,
  signer: Signer,
): Record<string, string> {
  const headers = plain(request);
  return receiptHeaders(
    signReceipt(
      {
        requestNonceNs: BigInt(headers[btauthHeaders.nonce] ?? 0),
        requestSha256: toHex(platform.sha256(requestBody)),
        responseSha256: toHex(platform.sha256(responseBody)),
        status: 200,
        task: 'digits',
        modelSha256: '0'.repeat(64),
        miner: signer.ss58,
        validator: (headers[btauthHeaders.hotkey] ?? '') as Signer['ss58'],
        timeNs: platform.clock.nowNs(),
      },
      signer,
    ),
  );
}

function pour(response: ServerResponse, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= mebibyte.length;
      if (!response.write(mebibyte)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
}

/** A byte now and then, for ever: no single pause is long. */
function drip(response: ServerResponse): void {
  const timer = setInterval(() => void response.write(' '), 40);
  response.once('close', () => clearInterval(timer));
}

function plain(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value ?? '')]),
  );
}

async function serve(answer: Answer): Promise<Peer> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    const chunks: Buffer[] = [];
    response.on('error', () => response.destroy());
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks), response));
  });
  const port = await listen(server);
  return {
    port,
    asked: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Speaks, but not HTTP. */
async function startNoise(): Promise<Peer> {
  let asked = 0;
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => {
      asked += 1;
      socket.end('\u0000\u0001\u0002 SSH-2.0 nothing of the kind\r\n\r\n');
    });
  });
  const port = await listen(server);
  return {
    port,
    asked: () => asked,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: axonHost, port: 0 }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
