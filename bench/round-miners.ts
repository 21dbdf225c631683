import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { btauthHeaders } from '../common/wire/btauth.ts';
import type { Hotkey } from '../common/brand.ts';
import { toHex } from '../common/hex.ts';
import { encodeInferResponse } from '../common/wire/inference-protocol.ts';
import { isProtocolError } from '../common/wire/inference-types.ts';
import { signerFromSuri } from '../common/keys/keys.ts';
import { createPlatform } from '../common/node/platform.ts';
import { receiptHeaders, signReceipt } from '../common/wire/receipt.ts';
import type { Signer } from '../common/signer-port.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';

/** Miners without a model, in a process of their own: each signs a receipt for a fixed answer. */
const platform = createPlatform();
const sr25519 = loadSr25519();
const rows = Number(process.argv[3]);
const answer = fixedAnswer();
const responseSha256 = toHex(platform.sha256(answer.body));

function fixedAnswer() {
  const data = Float32Array.from({ length: rows * 10 }, (_, at) => (at % 10 === 3 ? 1 : 0));
  const output = { name: 'probabilities', datatype: 'FP32', shape: [rows, 10], data } as const;
  const request = { outputs: [], binaryOutput: true };
  const encoded = encodeInferResponse({ modelName: 'digits', outputs: [output] }, request);
  if (isProtocolError(encoded)) throw new Error(encoded.error);
  return encoded;
}

function reply(signer: Signer, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Uint8Array[] = [];
  request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(200, {
      ...answer.headers,
      ...receiptFor(signer, request, Buffer.concat(chunks)),
      'content-length': answer.body.length,
    });
    response.end(answer.body);
  });
}

/** None for the bare questions of the peer. */
function receiptFor(
  signer: Signer,
  { headers }: IncomingMessage,
  body: Uint8Array,
): Readonly<Record<string, string>> {
  const { [btauthHeaders.hotkey]: hotkey, [btauthHeaders.nonce]: nonce } = headers;
  if (typeof hotkey !== 'string' || typeof nonce !== 'string') return {};
  const receipt = signReceipt(
    {
      requestNonceNs: BigInt(nonce),
      requestSha256: toHex(platform.sha256(body)),
      responseSha256,
      status: 200,
      task: 'digits',
      modelSha256: '-',
      miner: signer.ss58,
      validator: hotkey as Hotkey,
      timeNs: platform.clock.nowNs(),
    },
    signer,
  );
  return receiptHeaders(receipt);
}

async function serve(at: number): Promise<number> {
  const signer = signerFromSuri(sr25519, `//bench//${at}`);
  const server = createServer((request, response) => reply(signer, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const count = Number(process.argv[2]);
process.send?.(await Promise.all(Array.from({ length: count }, (_, at) => serve(at))));
process.on('disconnect', () => process.exit(0));
