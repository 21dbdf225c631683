import { connect } from 'node:net';
import { btauthHeaders } from '../../../common/wire/btauth.ts';
import { createLogger } from '../../../common/node/log.ts';
import { sha3OfText } from '../../../common/node/sha3.ts';
import { createMetricsRegistry } from '../../../common/node/telemetry.ts';
import { loadFlatNumbers } from '../../../common/wire/flat-numbers-wasm.ts';
import { ReplayMemory } from '../../../common/wire/replay.ts';
import { btauthEntrance } from '../../../miner/entrance/btauth-entrance.ts';
import { classicEntrance } from '../../../miner/entrance/classic-entrance.ts';
import { findClassic } from '../../../miner/entrance/classic-conversation.ts';
import { epistulaEntrance } from '../../../miner/entrance/epistula-entrance.ts';
import { findInference } from '../../../miner/entrance/inference-conversation.ts';
import { createGatekeeper } from '../../../miner/gate/gatekeeper.ts';
import { createHandle } from '../../../miner/gate/handle.ts';
import type { Handle } from '../../../miner/gate/handle.ts';
import { createRefusalLog } from '../../../miner/gate/refusal-log.ts';
import { startMinerServer } from '../../../miner/gate/server.ts';
import type { MinerServer } from '../../../miner/gate/server.ts';
import { createMinerMetrics } from '../../../miner/metrics.ts';
import { createCatalogue } from '../../../miner/models/catalogue.ts';
import type { ServedModel } from '../../../miner/models/served-model.ts';
import { alice, bob } from '../../common/wire-keys.ts';
import { createManualPlatform } from '../../fakes/manual-platform.ts';
import { gateOptions } from '../../miner/gate/gate-options.ts';
import { ascii, jsonText } from '../grammar.ts';
import type { Random } from '../random.ts';
import { promise } from '../target.ts';
import type { FuzzTarget } from '../target.ts';

const path = '/v2/models/digits/infer';
const body = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]}]}';
const platform = createManualPlatform();
const nowNs = platform.clock.nowNs();

/** Answers what it was asked, so that the whole way there and back is walked. */
const echo: ServedModel = {
  name: 'digits',
  version: '1',
  sha256: 'ab'.repeat(32),
  interface: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  },
  platform: 'echo',
  notReady: () => null,
  infer: ({ inputs }) => Promise.resolve({ kind: 'outputs', outputs: inputs, runMs: 0 }),
  load: () => ({ waiting: 0, running: 0 }),
  close: () => Promise.resolve(),
};

/** The miner's own way of a request, where every signature is good. */
function handleAll(): Handle {
  const log = createLogger({ level: 'silent' });
  const metrics = createMinerMetrics(createMetricsRegistry());
  const catalogue = createCatalogue();
  catalogue.put(echo);
  const much = 1e12;
  const gatekeeper = createGatekeeper(
    {
      platform,
      receiver: bob.ss58,
      replay: new ReplayMemory({
        retentionNs: 15_000_000_000n,
        maxPerHotkey: much,
        maxTotal: much,
      }),
      verifyQueue: { verify: () => Promise.resolve(true) },
      metrics,
      directory: () => new Map([[alice.ss58, { uid: 0, validatorPermit: true, stakeRao: 1n }]]),
    },
    { ...gateOptions, ratePerSecond: much, burst: much, addressBurst: much, maxBodyBytes: 16_384 },
  );
  return createHandle(
    {
      clock: platform.clock,
      gatekeeper,
      receipts: { attach: (_, response) => Promise.resolve(response) },
      catalogue,
      conversations: [
        findInference(
          catalogue,
          [btauthEntrance, epistulaEntrance, classicEntrance],
          loadFlatNumbers(),
        ),
        findClassic({ catalogue, clock: platform.clock, sha3: sha3OfText, hotkey: bob.ss58 }, []),
      ],
      metrics,
      refusals: createRefusalLog(log),
      readiness: { whyClosed: () => null, whyNotReady: () => null },
    },
    {
      version: '0',
      maxBodyBytes: 16_384,
      maxAnswerBytes: 65_536,
      maxRows: 4096,
      maxWaitMs: 1000,
    },
  );
}

let server: MinerServer | null = null;
let serverFailures = 0;

async function open(): Promise<void> {
  const log = createLogger({ level: 'silent' });
  server = await startMinerServer({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 256,
    maxConnectionsPerAddress: 256,
    requestTimeoutMs: 2000,
    stallTimeoutMs: 5000,
    handle: handleAll(),
    observer: { onConnections: () => undefined, onRefused: () => undefined },
    log: { ...log, error: () => void (serverFailures += 1) },
  });
}

function requestText(random: Random): string {
  const nonceNs = nowNs - BigInt(random.below(2 ** 31)) - BigInt(random.below(2 ** 31));
  const json = random.chance(0.5) ? body : jsonText(random);
  const length = Buffer.byteLength(json);
  const lines = [
    `${random.pick(['POST', 'POST', 'POST', 'GET', 'HEAD', 'PUT', 'TRACE', 'CONNECT', 'PRI'])} ${random.pick([path, path, path, '/v2', '*', '/Synapse', '/v2/models/digits', 'http://a/v2', '/%00'])} HTTP/${random.pick(['1.1', '1.1', '1.0', '2.0', '0.9'])}`,
    'host: a',
    ...(random.chance(0.8)
      ? [
          `${btauthHeaders.version}: 1`,
          `${btauthHeaders.hotkey}: ${alice.ss58}`,
          `${btauthHeaders.nonce}: ${nonceNs}`,
          `${btauthHeaders.signature}: 0x${'ab'.repeat(64)}`,
          `${btauthHeaders.receiver}: ${bob.ss58}`,
        ]
      : []),
    random.pick([
      `content-length: ${length}`,
      `content-length: ${length}`,
      'transfer-encoding: chunked',
      'content-length: -1',
      `content-length: ${length}\r\ntransfer-encoding: chunked`,
      'expect: 100-continue\r\ncontent-length: 2',
      'upgrade: websocket\r\nconnection: upgrade',
      'content-encoding: gzip\r\ncontent-length: 3',
      `x-long: ${'a'.repeat(random.length(20_000))}`,
      Array.from({ length: random.length(80) }, (_, at) => `x-${at}: b`).join('\r\n'),
    ]),
    ...(random.chance(0.5) ? ['connection: close'] : []),
  ];
  const text = lines.filter((line) => line !== '').join('\r\n');
  const chunked = `${length.toString(16)}\r\n${json}\r\n0\r\n\r\n`;
  return `${text}\r\n\r\n${random.chance(0.8) ? json : chunked}`;
}

const quietMs = 20;
const mostWaitMs = 8000;

/** What comes back for raw bytes, until the connection is closed. */
function exchange(port: number, input: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const ending = setTimeout(() => socket.end(), quietMs);
    const tooLong = setTimeout(() => {
      socket.destroy();
      reject(new Error('the connection was not closed in time'));
    }, mostWaitMs);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(ending);
      clearTimeout(tooLong);
      resolve(text);
    });
    socket.write(input);
  });
}

export const httpTarget: FuzzTarget = {
  name: 'http',
  lanes: 16,
  open,
  close: async () => server?.drain(0),
  make: (random) => {
    const count = random.chance(0.8) ? 1 : 1 + random.below(4);
    return ascii(Array.from({ length: count }, () => requestText(random)).join(''));
  },
  run: async (input) => {
    if (server === null) return;
    const text = await exchange(server.port, input.length === 0 ? new Uint8Array(1) : input);
    for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
      promise(Number(status) < 500, `whatever is sent, the answer is no ${status}`);
    }
    promise(serverFailures === 0, 'nothing fails inside');
  },
};
