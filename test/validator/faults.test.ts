import { describe, expect, it } from 'vitest';
import { isFault } from '../../common/fault.ts';
import type { HttpRequest } from '../../common/http-port.ts';
import { parseReceipt, receiptHeaders, signReceipt } from '../../common/wire/receipt.ts';
import { runRound } from '../../validator/round.ts';
import type { RoundConfig } from '../../validator/round.ts';
import { emptyBoard } from '../../validator/scoreboard.ts';
import { inferenceWire } from '../../validator/wire/inference-wire.ts';
import type { FakePeer, FakeReply } from '../fakes/fake-http.ts';
import { simMiner } from '../sim/sim-miner.ts';
import { nearestMean } from '../sim/sim-models.ts';
import type { SimModel } from '../sim/sim-models.ts';
import { createWorld, key, netuid, originOf, sr25519, train } from '../sim/world.ts';
import type { World } from '../sim/world.ts';

const start = { board: emptyBoard, lastRound: 0, voidRounds: 0 };
const model = nearestMean(train);

function honest(
  world: World,
  name: string,
  more: { model?: SimModel; clockOffsetMs?: number } = {},
) {
  const { platform } = world;
  return simMiner({ signer: key(name), verifier: sr25519, platform, model, ...more });
}

/** An honest answer, changed on its way out. */
function changed(
  peer: FakePeer,
  change: (reply: Exclude<FakeReply, string>, request: HttpRequest) => FakeReply,
): FakePeer {
  return async (request) => {
    const reply = await peer(request);
    return typeof reply === 'string' ? reply : change(reply, request);
  };
}

/** The body changed, with a receipt that fits it: what a miner can do with its own key. */
function forged(world: World, name: string, edit: (body: Uint8Array) => Uint8Array): FakePeer {
  return changed(honest(world, name), (reply) => {
    const receipt = parseReceipt(reply.headers ?? {});
    if (receipt.kind !== 'receipt') throw new Error('no receipt');
    const body = edit(reply.body ?? new Uint8Array());
    const responseSha256 = Buffer.from(world.platform.sha256(body)).toString('hex');
    const again = receiptHeaders(signReceipt({ ...receipt, responseSha256 }, key(name)));
    return { ...reply, body, headers: { ...reply.headers, ...again } };
  });
}

/** One round of an honest miner and another; what came of the other, and the honest one's points. */
async function duel(makeOther: (world: World) => FakePeer, config: Partial<RoundConfig> = {}) {
  const world = createWorld();
  world.addValidator('alpha');
  const good = world.addMiner('good', honest(world, 'good'));
  const bad = world.addMiner('bad', makeOther(world));
  const node = await world.node('alpha', { config });
  world.chain.advance(15);
  const result = await runRound(node.deps, start, node.config, { eager: true });
  const outcome = result.outcomes.find(({ uid }) => uid === bad);
  const points = (uid: number) => result.points.find((one) => one.uid === uid)?.points ?? NaN;
  return {
    reason: outcome !== undefined && isFault(outcome.result) ? outcome.result.reason : 'answer',
    detail: outcome !== undefined && isFault(outcome.result) ? outcome.result.detail : '',
    good: points(good),
    bad: points(bad),
    weights: (await world.chain.weightsOf(netuid, 0)).map(([uid]) => uid),
    goodUid: good,
  };
}

const reply =
  (more: Partial<Exclude<FakeReply, string>>): FakePeer =>
  () => ({ status: 200, ...more });
const text = (body: string): Uint8Array => new TextEncoder().encode(body);

const faults: readonly (readonly [
  what: string,
  reason: string,
  peer: (world: World) => FakePeer,
])[] = [
  ['never answers', 'timeout', () => () => 'hang'],
  ['dies in the round', 'reset', () => () => 'reset'],
  ['speaks no HTTP', 'bad-protocol', () => () => 'garbage'],
  ['redirects', 'redirect', () => reply({ status: 307 })],
  ['sends gzip', 'encoded', () => reply({ headers: { 'content-encoding': 'gzip' } })],
  ['sends 50 MB', 'too-large', () => reply({ body: new Uint8Array(50_000_000) })],
  ['is overloaded', 'http-status', () => reply({ status: 429 })],
  ['fails', 'http-status', () => reply({ status: 500, body: text('x'.repeat(500)) })],
  ['sends no receipt', 'bad-receipt', () => reply({ body: text('{}') })],
  [
    'signs with another key',
    'bad-receipt',
    (world) => changed(honest(world, 'bad'), (one) => ({ ...one, headers: resigned(one.headers) })),
  ],
  ['passes the question on to another miner', 'not-admitted', (world) => honest(world, 'good')],
  [
    'changes its answer after signing',
    'bad-receipt',
    (world) => changed(honest(world, 'bad'), (one) => ({ ...one, body: text('{}') })),
  ],
  ['sends a garbage body', 'bad-answer', (world) => forged(world, 'bad', () => text('\u0000{'))],
  ['sends an empty body', 'bad-answer', (world) => forged(world, 'bad', () => new Uint8Array())],
  [
    'cuts its tensor short',
    'bad-answer',
    (world) => forged(world, 'bad', (body) => body.slice(0, -40)),
  ],
  [
    'has a clock 30 s behind',
    'not-admitted',
    (world) => honest(world, 'bad', { clockOffsetMs: -30_000 }),
  ],
];

function resigned(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const receipt = parseReceipt(headers);
  if (receipt.kind !== 'receipt') throw new Error('no receipt');
  return { ...headers, ...receiptHeaders(signReceipt(receipt, key('someone else'))) };
}

describe('a miner that', () => {
  it.each(faults)('%s is a %s and hurts nobody else', async (_, reason, peer) => {
    const found = await duel(peer);
    expect(found.reason).toBe(reason);
    expect(found.bad).toBe(0);
    expect(found.good).toBeGreaterThan(0.2);
    expect(found.weights).toEqual([found.goodUid]);
  });

  it.each([NaN, Infinity, -Infinity, 1e38, 0])(
    'answers %d everywhere earns nothing',
    async (value) => {
      const found = await duel((world) =>
        honest(world, 'bad', { model: () => new Float32Array(10).fill(value) }),
      );
      expect(found.bad).toBe(0);
      expect(found.weights).toEqual([found.goodUid]);
    },
  );

  it('answers one old request again and again is refused', async () => {
    const world = createWorld();
    world.addValidator('alpha');
    let first: FakeReply | null = null;
    const peer = honest(world, 'bad');
    const uid = world.addMiner('bad', async (request) => (first ??= await peer(request)));
    const node = await world.node('alpha');
    const one = await runRound(node.deps, start, node.config, { eager: true });
    const two = await runRound(node.deps, one.state, node.config, { eager: true });
    expect(one.outcomes.find((outcome) => outcome.uid === uid)?.result).toMatchObject({
      kind: 'judgement',
    });
    expect(two.outcomes.find((outcome) => outcome.uid === uid)?.result).toMatchObject({
      reason: 'bad-receipt',
    });
  });
});

describe('addresses', () => {
  const refused: readonly (readonly [string, number])[] = [
    ['127.0.0.1', 8091],
    ['10.1.2.3', 8091],
    ['192.168.1.1', 8091],
    ['169.254.169.254', 8091],
    ['100.64.0.1', 8091],
    ['224.0.0.1', 8091],
    ['0.0.0.0', 8091],
    ['::1', 8091],
    ['::ffff:10.0.0.1', 8091],
    ['fe80::1', 8091],
    ['8.8.8.8', 22],
    ['8.8.8.8', 0],
    ['8.8.8.8', 80],
    ['localhost', 8091],
    ['', 8091],
  ];

  it.each(refused)('%s port %i is never dialled', async (ip, port) => {
    const world = createWorld();
    world.addValidator('alpha');
    const uid = world.addMiner('far', honest(world, 'far'));
    const axon = { ip, port, ipType: 4, protocol: 4, version: 1, block: 1 } as const;
    world.chain.patchNeuron(netuid, uid, { axon });
    const node = await world.node('alpha');
    const query = { ...node.config.query, addresses: { allowPrivate: false } };
    const result = await runRound(node.deps, start, { ...node.config, query }, { eager: true });
    expect(result.outcomes[0]?.result).toMatchObject({ reason: 'address-refused' });
    expect(world.http.requests).toEqual([]);
  });

  it('shared by 50 uids are asked once for each', async () => {
    const world = createWorld();
    world.addValidator('alpha');
    const peers = new Map<string, FakePeer>();
    const axon = {
      ip: '10.0.0.9',
      port: 8091,
      ipType: 4,
      protocol: 4,
      version: 1,
      block: 1,
    } as const;
    for (let at = 0; at < 50; at += 1) {
      const name = `many-${at}`;
      peers.set(key(name).ss58, honest(world, name));
      world.chain.patchNeuron(netuid, world.addMiner(name, null), { axon });
    }
    world.http.serve('http://10.0.0.9:8091', (request) => {
      const peer = peers.get(request.headers['x-bittensor-receiver'] ?? '');
      return peer?.(request) ?? 'reset';
    });
    const node = await world.node('alpha');
    const result = await runRound(node.deps, start, node.config, { eager: true });
    expect(world.http.requests).toHaveLength(50);
    expect(result.outcomes.filter(({ result: one }) => !isFault(one))).toHaveLength(50);
  });
});

/** As a validator asks whose YAML wants JSON. */
const inJson = inferenceWire({ signedBy: 'btauth', encoding: 'json', receiptsRequired: true });

describe('questions', () => {
  it('are never more at once than the cap, and all are asked', async () => {
    const world = createWorld();
    world.addValidator('alpha');
    for (let at = 0; at < 20; at += 1) world.addMiner(`m${at}`, () => 'reset');
    const node = await world.node('alpha');
    const query = { ...node.config.query, concurrency: 3 };
    await runRound(node.deps, start, { ...node.config, query }, { eager: true });
    expect(world.http.mostAtOnce).toBe(3);
    expect(world.http.requests).toHaveLength(20);
  });

  it('are signed with rising nonces, each for its own receiver', async () => {
    const world = createWorld();
    world.addValidator('alpha');
    for (let at = 0; at < 5; at += 1) world.addMiner(`m${at}`, honest(world, `m${at}`));
    const node = await world.node('alpha');
    await runRound(node.deps, start, node.config, { eager: true });
    const nonces = world.http.requests.map(({ headers }) =>
      BigInt(headers['x-bittensor-nonce'] ?? 0),
    );
    expect(new Set(nonces).size).toBe(5);
    const receivers = world.http.requests.map(({ headers }) => headers['x-bittensor-receiver']);
    expect(new Set(receivers).size).toBe(5);
  });

  it('work in JSON as well', async () => {
    const world = createWorld();
    world.addValidator('alpha');
    const uid = world.addMiner('good', honest(world, 'good'));
    const node = await world.node('alpha');
    const query = { ...node.config.query, wire: inJson };
    const result = await runRound(node.deps, start, { ...node.config, query }, { eager: true });
    expect(result.points.find((one) => one.uid === uid)?.points).toBeGreaterThan(0.2);
    expect(world.http.requests[0]?.headers['content-type']).toBe('application/json');
  });

  it('never carry the truth', async () => {
    const world = createWorld();
    world.addValidator('alpha');
    const uid = world.addMiner('good', honest(world, 'good'));
    const node = await world.node('alpha');
    const query = { ...node.config.query, wire: inJson };
    await runRound(node.deps, start, { ...node.config, query }, { eager: true });
    const [request] = world.http.requests;
    expect(request?.url).toBe(`${originOf(uid)}/v2/models/digits/infer`);
    const body = JSON.parse(new TextDecoder().decode(request?.body)) as {
      inputs: { name: string }[];
    };
    expect(Object.keys(body).sort()).toEqual(['inputs', 'outputs']);
    expect(body.inputs.map(({ name }) => name)).toEqual(['image']);
  });
});
