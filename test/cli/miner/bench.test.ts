import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchCommand } from '../../../cli/miner/bench.ts';
import { axonOption, benchTarget, ownershipOf } from '../../../cli/miner/bench-target.ts';
import { synapseBodies } from '../../../cli/miner/bench-synapse.ts';
import { readTlsIdentity } from '../../../common/node/tls-certificate.ts';
import { certificates } from '../../common/tls-certificates.ts';
import { createWallet } from '../../../common/keys/wallet.ts';
import { classicHeaders } from '../../../common/wire/classic/classic-auth.ts';
import { epistulaHeaders } from '../../../common/wire/epistula.ts';
import { digitsRoutes } from '../../interop/classic-routes.ts';
import { imageBody, minerKey, platform, sr25519, startRig } from '../../miner/rig.ts';
import type { MinerRig } from '../../miner/rig.ts';
import { runCommand, seenIo } from './command-io.ts';

interface ResultJson {
  readonly ok: boolean;
  readonly results: readonly {
    readonly ratePerSecond: number;
    readonly due: number;
    readonly sent: number;
    readonly ok: number;
    readonly failed: number;
    readonly shed: { readonly inFlight: number; readonly late: number };
    readonly mostInFlight: number;
    readonly measuredSeconds: number;
    readonly latencyMs: Readonly<Record<string, number | null>>;
    readonly failures: readonly { readonly name: string; readonly count: number }[];
    readonly sample: { readonly looked: number; readonly goodReceipts: number };
  }[];
}

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const wallets = join(folder, 'wallets');
const wallet = ['--wallet-path', wallets, '--wallet-name', 'caller'];

function addWallet(name: string, hotkeySuri: string): void {
  const location = { path: wallets, name, hotkey: 'default' };
  createWallet(sr25519, location, { coldkey: 'unencrypted', hotkeySuri });
}

/** Words of a command line; none of them holds a blank. */
async function bench(line: string) {
  const io = seenIo();
  await runCommand(benchCommand(io), ...line.split(' '), ...wallet);
  return io;
}

async function benchJson(line: string): Promise<ResultJson> {
  const io = await bench(`${line} --json`);
  return JSON.parse(io.lines.at(-1) ?? '') as ResultJson;
}

/** One second without a warm-up. */
const brief = '--seconds 1 --warm-up 0';

beforeAll(() => addWallet('caller', '//Validator'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a load on a real miner', () => {
  let rig: MinerRig;
  let target = '';

  beforeAll(async () => {
    rig = await startRig({ entrances: { epistula: true, classic: { routes: digitsRoutes } } });
    target = `--axon 127.0.0.1:${rig.port} --hotkey-of-miner ${minerKey.ss58} --model digits`;
  });
  afterAll(() => rig.miner.stop());

  it('is answered, and its receipts verify', async () => {
    const { ok, results } = await benchJson(`${target} --rates 30,60 --arrivals constant ${brief}`);
    expect(ok).toBe(true);
    expect(results.map(({ ratePerSecond, due }) => [ratePerSecond, due])).toEqual([
      [30, 30],
      [60, 60],
    ]);
    for (const one of results) {
      expect(one.failures).toEqual([]);
      // What a busy machine did not get to is told, and nothing else is missing.
      expect(one.ok + one.shed.late).toBe(one.due);
      expect(one).toMatchObject({ failed: 0, shed: { inFlight: 0 } });
      expect(one.sample).toMatchObject({ looked: one.ok, goodReceipts: one.ok });
      expect(one.latencyMs['p50']).toBeGreaterThan(0);
      expect(one.latencyMs['max']).toBeGreaterThanOrEqual(one.latencyMs['p90'] ?? 0);
      // Of sixty values none lies beyond the 99.9th percentile.
      expect(one.latencyMs['p99.9']).toBeNull();
    }
  });

  it('is shown as a table, with charts, and as SVG', async () => {
    const plot = join(folder, 'out.svg');
    const io = await bench(`${target} --rates 40,80 ${brief} --plot ${plot}`);
    const text = io.lines.join('\n');
    expect(text).toMatch(/rate\/s +sent +ok\/s +failed +shed +p50 +p90 +p95 +p99 +p99\.9 +max ms/);
    expect(text).toContain('Latency over load');
    expect(text).toMatch(/40\/s: \d+ of \d+ sampled receipts verify/);
    const svg = readFileSync(plot, 'utf8');
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain('How many requests were answered within a time');
  });

  it('takes its requests from a file, and tells where one does not fit the model', async () => {
    const file = join(folder, 'requests.jsonl');
    const request = new TextDecoder().decode(imageBody(0.5, 2));
    writeFileSync(file, `${request}\n\n${request}\n`);
    const asked = `${target} --rate 20 ${brief} --input ${file}`;
    const { results } = await benchJson(`${asked} --encoding json`);
    expect(results[0]).toMatchObject({ failed: 0 });
    expect(results[0]?.ok).toBeGreaterThan(5);
    writeFileSync(file, `${request}\n{"inputs":[{"name":"picture"}]}\n`);
    await expect(bench(asked)).rejects.toMatchObject({
      code: 'BENCH_INPUT_INVALID',
      message: expect.stringContaining('requests.jsonl:2'),
    });
    writeFileSync(file, 'no json');
    await expect(bench(asked)).rejects.toThrow(/line 1 is no JSON/);
  });

  it('comes over Epistula as well', async () => {
    const { results } = await benchJson(`${target} --rate 20 ${brief} --entrance epistula`);
    expect(results[0]).toMatchObject({ failed: 0 });
    expect(results[0]?.ok).toBeGreaterThan(5);
  });

  it('comes over the classic protocol, its fields hashed as the synapse says', async () => {
    const input = join(folder, 'digits.json');
    const image = Array.from({ length: 64 }, (_, at) => (at % 2 === 0 ? '0.5' : '1.0'));
    writeFileSync(input, `{"image": [${image.join()}]}`);
    const classic = `--entrance classic --synapse Digits --input ${input} --hash-fields image`;
    const { results } = await benchJson(`${target} --rate 20 ${brief} ${classic}`);
    expect(results[0]).toMatchObject({ failed: 0 });
    expect(results[0]?.ok).toBeGreaterThan(5);
    // An axon answers an unsigned body: what is hashed must be said rightly.
    const wrong = classic.replace('--hash-fields image', '');
    await expect(bench(`${target} --rate 20 ${brief} ${wrong.trim()}`)).rejects.toThrow(/4\d\d/);
  });

  it('is not put on a miner that refuses the first request', async () => {
    addWallet('nobody', '//Stranger');
    const line = `${target} --rate 10 --wallet-path ${wallets} --wallet-name nobody`;
    const refused = runCommand(benchCommand(seenIo()), ...line.split(' '));
    await expect(refused).rejects.toThrow(/single request.*: 40[13] /);
    const other = target.replace('digits', 'letters');
    await expect(bench(`${other} --rate 10`)).rejects.toThrow(/does not tell what letters takes/);
  });
});

/** Answers after a while, and remembers what it was asked. */
async function startSlowMiner(delayMs: number, extensions: readonly string[] = []) {
  const seen: { path: string; headers: Readonly<Record<string, unknown>> }[] = [];
  const state = { underWay: 0, most: 0 };
  const metadata = { name: 'm', inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }] };
  const outputs = [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }];
  const server: Server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.end(JSON.stringify({ ...metadata, outputs, versions: ['1'], extensions }));
      return;
    }
    seen.push({ path: request.url ?? '', headers: request.headers });
    const refused = seen.length % 4 === 0;
    state.underWay += 1;
    state.most = Math.max(state.most, state.underWay);
    request.resume().on('end', () =>
      setTimeout(() => {
        state.underWay -= 1;
        response.statusCode = refused ? 429 : 200;
        response.end(refused ? '{"error":"asked too often"}' : '{}');
      }, delayMs),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { seen, state, port, stop: () => new Promise((resolve) => server.close(resolve)) };
}

/** Where a miner listens, and whom its requests are addressed to. */
function at(port: number): string {
  return `--axon 127.0.0.1:${port} --hotkey-of-miner ${minerKey.ss58}`;
}

describe('a miner that is not ours', () => {
  it('never has more requests under way than is said, refusals are counted by reason', async () => {
    const miner = await startSlowMiner(120);
    const { results } = await benchJson(
      `${at(miner.port)} --model m --rate 100 ${brief} --arrivals constant --connections 4`,
    );
    await miner.stop();
    const [one] = results;
    expect(miner.state.most).toBe(4);
    expect(one).toMatchObject({ due: 100, mostInFlight: 4 });
    expect(one?.shed.inFlight).toBeGreaterThan(40);
    expect(one?.sent).toBe(100 - (one?.shed.inFlight ?? 0) - (one?.shed.late ?? 0));
    expect(one?.failures[0]?.name).toBe('429 asked too often');
    // A refusal is no answer: it is in no percentile and in no sample.
    expect(one?.ok).toBe((one?.sent ?? 0) - (one?.failed ?? 0));
    expect(one?.sample).toMatchObject({ looked: one?.ok, goodReceipts: 0 });
  });

  it('counts what it does not answer in time with all that time', async () => {
    const miner = await startSlowMiner(60_000);
    const probe = bench(`${at(miner.port)} --model m --rate 10 --timeout-ms 100`);
    await expect(probe).rejects.toMatchObject({ code: 'BENCH_NO_ANSWER' });
    void miner.stop();
  });

  it.each([
    [[], 'application/json'],
    [['binary_tensor_data'], 'application/octet-stream'],
  ])('gets its tensors in the form that it takes: with %j as %s', async (extensions, type) => {
    const miner = await startSlowMiner(0, extensions);
    await bench(`${at(miner.port)} --model m --rate 10 ${brief}`);
    await miner.stop();
    expect(miner.seen[0]?.headers).toMatchObject({ 'content-type': type });
  });

  it('is left in peace at once on Ctrl-C, and what was measured until then is shown', async () => {
    const miner = await startSlowMiner(1);
    const stop = new AbortController();
    const io = seenIo(stop.signal);
    const line = `${at(miner.port)} --model m --rate 50 --seconds 600 --warm-up 0 --json`;
    const running = runCommand(benchCommand(io), ...line.split(' '), ...wallet);
    while (miner.seen.length < 8) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort(new Error('SIGINT'));
    await running;
    await miner.stop();
    const shown = JSON.parse(io.lines.at(-1) ?? '') as ResultJson;
    expect(shown).toMatchObject({ ok: false, cancelled: true });
    expect(shown.results[0]?.ok).toBeGreaterThan(0);
    expect(shown.results[0]?.measuredSeconds).toBeLessThan(600);
    expect(io.exitCode).toBe(130);
  });

  it('is asked in the classic way when told to', async () => {
    const miner = await startSlowMiner(0);
    const input = join(folder, 'synapse.json');
    writeFileSync(input, '{"pixels": [0.5, 1.0], "label": 3}');
    const classic = `--entrance classic --synapse Digits --input ${input} --hash-fields pixels`;
    await bench(`${at(miner.port)} ${classic} --rate 20 ${brief}`);
    await miner.stop();
    const { path, headers } = miner.seen[0] ?? { path: '', headers: {} };
    expect(path).toBe('/Digits');
    expect(headers).toMatchObject({
      name: 'Digits',
      'content-type': 'application/json',
      bt_header_input_obj_pixels: 'W10=',
      bt_header_input_obj_label: 'MA==',
      [classicHeaders.receiver]: minerKey.ss58,
    });
    const uuids = miner.seen.map((one) => one.headers[classicHeaders.uuid]);
    expect(new Set(uuids).size).toBe(uuids.length);
    expect(headers[epistulaHeaders.signature]).toBeUndefined();
  });

  it('needs to be told, in the classic way, what a synapse is', () => {
    const source = { input: 'synthetic', hashFields: [] };
    expect(() => synapseBodies(platform, source)).toThrow(/needs --synapse/);
    expect(() => synapseBodies(platform, { ...source, synapse: 'A' })).toThrow(/needs --input/);
    const input = join(folder, 'fields.json');
    writeFileSync(input, '{"a": 1}');
    const asked = { synapse: 'A', input, hashFields: ['b'] };
    expect(() => synapseBodies(platform, asked)).toThrow(/no field b/);
  });
});

describe('a miner that serves by TLS', () => {
  const [cert, key, other] = ['own.pem', 'own.key', 'other.pem'].map((name) => join(folder, name));
  let rig: MinerRig;

  beforeAll(async () => {
    writeFileSync(cert ?? '', certificates.ed25519.cert);
    writeFileSync(key ?? '', certificates.ed25519.key);
    writeFileSync(other ?? '', certificates.p256.cert);
    rig = await startRig({}, { tls: readTlsIdentity(cert ?? '', key ?? '') });
  });
  afterAll(() => rig.miner.stop());

  it('is asked by TLS, and only if it shows the certificate that was named', async () => {
    const line = `${at(rig.port)} --model digits --rate 20 ${brief}`;
    const { results } = await benchJson(`${line} --tls-certificate ${cert}`);
    expect(results[0]).toMatchObject({ failed: 0 });
    expect(results[0]?.ok).toBeGreaterThan(5);
    await expect(bench(`${line} --tls-certificate ${other}`)).rejects.toThrow(/wrong-key/);
    await expect(bench(`${line} --tls-certificate ${key}`)).rejects.toMatchObject({
      code: 'TLS_INVALID',
    });
    await expect(bench(line)).rejects.toMatchObject({ code: 'BENCH_NO_ANSWER' });
  });
});

describe('whose miner it is', () => {
  const far = { ip: '203.0.113.7', port: 8091, hotkey: minerKey.ss58, model: 'digits' };

  it('is asked before any load goes out', () => {
    expect(() => ownershipOf(far, {}, [wallets])).toThrow(
      expect.objectContaining({ code: 'BENCH_NOT_YOURS' }),
    );
    expect(ownershipOf(far, { iOwnThisMiner: true }, [wallets])).toBe('word');
    expect(ownershipOf({ ...far, ip: '127.0.0.1' }, {}, [])).toBe('loopback');
    expect(ownershipOf({ ...far, ip: '::ffff:127.0.0.1' }, {}, [])).toBe('loopback');
    // A private address is another machine of the network, whoever it belongs to.
    expect(() => ownershipOf({ ...far, ip: '10.0.0.4' }, {}, [])).toThrow('attack');
  });

  it('is known when its hotkey lies in a wallet', () => {
    addWallet('miner', '//Miner');
    expect(ownershipOf(far, {}, [wallets])).toBe('wallet');
  });

  it('is refused at once on the command line', async () => {
    const line = `--axon 203.0.113.9:8091 --hotkey-of-miner ${strangerAddress} --model m`;
    await expect(bench(`${line} --rate 1`)).rejects.toMatchObject({
      code: 'BENCH_NOT_YOURS',
    });
  });

  it('has an address, not a name that a resolver could turn', () => {
    expect(axonOption('[::1]:8091')).toEqual({ ip: '::1', port: 8091 });
    expect(axonOption('localhost:8091')).toEqual({ ip: '127.0.0.1', port: 8091 });
    for (const bad of ['miner.example:8091', '1.2.3.4', '1.2.3.4:0', '1.2.3.4:70000', '::1:8091']) {
      expect(() => axonOption(bad), bad).toThrow(/must be an IP address/);
    }
  });
});

const strangerAddress = '5CiPPseXPECbkjWCa6MnjNokrgYjMqmKndv2rSnekmSK2DjL';

describe('what is said by the miner YAML', () => {
  it('is where it listens, its hotkey and its task; flags go before', () => {
    const config = join(folder, 'miner.yaml');
    const text = [
      'netuid: 2',
      "chain: { endpoints: ['ws://127.0.0.1:9944'] }",
      'task: digits',
      `wallet: { path: ${wallets}, name: caller }`,
      `model: { path: m.onnx, sha256: '${'0'.repeat(64)}' }`,
      'server: { port: 8123 }',
    ];
    writeFileSync(config, text.join('\n'));
    expect(benchTarget({ config })).toMatchObject({ ip: '127.0.0.1', port: 8123, model: 'digits' });
    expect(benchTarget({ config, model: 'other' })).toMatchObject({ model: 'other' });
    writeFileSync(config, text.join('\n').replace('8123', '0'));
    expect(() => benchTarget({ config })).toThrow(/server\.port of the YAML is 0/);
    expect(() => benchTarget({})).toThrow(/--axon/);
  });
});

describe('the command line', () => {
  it('wants one rate or several, and a plot that can be written', async () => {
    const target = `${at(1)} --model m`;
    await expect(bench(target)).rejects.toThrow(/--rate or --rates/);
    await expect(bench(`${target} --rate 1 --rates 1,2`)).rejects.toThrow(/not both/);
    const wrong =
      /--rates .*each must be a number from 0\.01 to 100000: number 2 is empty, number 3 is "x"/;
    await expect(bench(`${target} --rates 50,,x`)).rejects.toThrow(wrong);
    await expect(bench(`${target} --rate 0`)).rejects.toThrow(/--rate .* must be a number/);
    const plot = join(folder, 'absent', 'out.svg');
    await expect(bench(`${target} --rate 1 --plot ${plot}`)).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    });
  });
});
