import { createHash } from 'node:crypto';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { btauthHeaders, signRequest } from '../../common/wire/btauth.ts';
import { inferPath } from '../../common/wire/inference-metadata.ts';
import { encodeInferRequest } from '../../common/wire/inference-protocol.ts';
import { isProtocolError } from '../../common/wire/inference-types.ts';
import type { Tensor } from '../../common/tensor.ts';
import { benchCaller, benchMiner } from './bench-keys.ts';

/** One HTTP/1.1 request; requests of one kind share their body. */
export interface Prepared {
  readonly head: Buffer;
  readonly body: Buffer;
}

/** What is sent: a name for bytes, so that an order for a load is plain data. */
export interface Traffic {
  readonly wire: 'btauth' | 'classic';
  readonly payload: 'light' | 'heavy' | 'echo';
  /** Name of the model in the path; by default the payload's. */
  readonly model?: string;
  /** Tensors in the binary tail, and asked for in it. */
  readonly binary?: boolean;
  /** A signature of another request, or a nonce from an hour ago. */
  readonly flaw?: 'signature' | 'stale';
  /** Classic: all by one dendrite, as its uuid says; otherwise each by one of its own. */
  readonly oneCaller?: boolean;
}

const platform = createPlatform();
const sr25519 = loadSr25519();
const caller = signerFromSuri(sr25519, benchCaller);
const receiver = signerFromSuri(sr25519, benchMiner).ss58;
const encoder = new TextEncoder();
const hourNs = 3_600_000_000_000n;
const words = 8192;

const tensors: Readonly<Record<Traffic['payload'], Tensor>> = {
  light: {
    name: 'x',
    datatype: 'FP32',
    shape: [1, 1, 28, 28],
    data: Float32Array.from({ length: 784 }, (_, at) => Math.abs(Math.sin(at))),
  },
  heavy: {
    name: 'ids',
    datatype: 'INT64',
    shape: [1, 64],
    data: BigInt64Array.from({ length: 64 }, (_, at) => BigInt((at * 2_654_435) % words)),
  },
  echo: { name: 'x', datatype: 'FP32', shape: [1, 1], data: Float32Array.of(0.5) },
};

/** Makes requests that differ in nonce and signature; each is good for one use. */
export function makerOf(traffic: Traffic): () => Prepared {
  return traffic.wire === 'classic' ? classicMaker(traffic) : btauthMaker(traffic);
}

function btauthMaker({ payload, model = payload, binary = false, flaw }: Traffic): () => Prepared {
  const encoded = bodyOf(tensors[payload], binary);
  const body = Buffer.from(encoded.body);
  const pathWithQuery = inferPath(model);
  const parts = { method: 'POST', pathWithQuery, bodySha256: platform.sha256(body) };
  const sign = (nonceNs: bigint) => signRequest({ ...parts, signer: caller, nonceNs, receiver });
  const signature = sign(1n)[btauthHeaders.signature];
  const other = flaw === 'signature' ? { [btauthHeaders.signature]: signature } : {};
  return () => {
    const nonceNs = platform.clock.nowNs() - (flaw === 'stale' ? hourNs : 0n);
    return prepared(pathWithQuery, { ...encoded.headers, ...sign(nonceNs), ...other }, body);
  };
}

function bodyOf(tensor: Tensor, binaryOutput: boolean) {
  const request = { inputs: [tensor], outputs: [], binaryOutput, parameters: {} };
  const encoded = encodeInferRequest(request, { binary: binaryOutput });
  if (isProtocolError(encoded)) throw new Error(encoded.error);
  return encoded;
}

/** As SDK 10.5 writes it: the whole synapse in the body, terminal info in headers. */
function classicMaker({ payload, model = payload, flaw, oneCaller }: Traffic): () => Prepared {
  const name = `${model.charAt(0).toUpperCase()}${model.slice(1)}`;
  const bodyHash = createHash('sha3-256').digest('hex');
  const axon = { ip: '127.0.0.1', port: 8091, hotkey: receiver };
  const dendrite = { ip: '127.0.0.1', version: 10_005_000, hotkey: caller.ss58 };
  const sizes = { total_size: 4000, header_size: 1200 };
  const values = Array.from(tensors[payload].data, Number);
  const synapse = { ...sizes, dendrite, axon, computed_body_hash: '', x: values, y: null };
  const body = Buffer.from(JSON.stringify({ name, timeout: 12, ...synapse }));
  const wrong = flaw === 'signature' ? '0' : '';
  return () => {
    const nonce = `${platform.clock.nowNs() - (flaw === 'stale' ? hourNs : 0n)}`;
    const uuid = oneCaller === true ? 'bench' : `bench-${nonce}`;
    const text = [nonce, caller.ss58, receiver, uuid, `${bodyHash}${wrong}`].join('.');
    const signature = Buffer.from(caller.sign(encoder.encode(text))).toString('hex');
    const headers = {
      'content-type': 'application/json',
      name,
      timeout: '12.0',
      ...prefixed('bt_header_axon_', axon),
      ...prefixed('bt_header_dendrite_', { ...dendrite, nonce, uuid, signature: `0x${signature}` }),
      ...sizes,
      computed_body_hash: bodyHash,
    };
    return prepared(`/${name}`, headers, body);
  };
}

function prefixed(prefix: string, fields: Readonly<Record<string, string | number>>) {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [prefix + name, value]));
}

function prepared(
  path: string,
  headers: Readonly<Record<string, unknown>>,
  body: Buffer,
): Prepared {
  const all = Object.entries({ host: 'miner', ...headers, 'content-length': body.length });
  const lines = all.map(([name, value]) => `${name}: ${String(value)}\r\n`).join('');
  return { head: Buffer.from(`POST ${path} HTTP/1.1\r\n${lines}\r\n`), body };
}
