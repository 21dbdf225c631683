import { startDevChain } from '../chain/devchain.ts';
import type { DevChain } from '../chain/devchain.ts';
import { littleEndian, compact, concat } from '../common/scale-bytes.ts';
import { toHex } from '../chain/bytes.ts';
import { genesisSchema } from '../common/config/genesis-schema.ts';
import type { GenesisConfig } from '../common/config/genesis-schema.ts';
import { createLogger } from '../common/node/log.ts';
import { median } from './row.ts';
import type { BenchRow } from './row.ts';

const netuid = 1;
const tempo = 4;
const neurons = 256;
const validators = 64;
const warmUpEpochs = 1;
const measuredEpochs = 5;
/** The block time of `subnet chain dev`; a real chain's is 12 s. */
const blockTimeMs = 250;

/**
 * Time of a block of the embedded chain, through the whole real runtime: without transactions on a
 * small subnet, and with the epoch of a full one (256 neurons, 64 validators that weigh all).
 */
export async function benchChain(): Promise<BenchRow[]> {
  const nothing = async (): Promise<void> => undefined;
  const { plain } = await timesOf(genesisOf(2, 1), nothing, nothing);
  const full = await timesOf(genesisOf(neurons, validators), setFullRows, checkBonds);
  return [
    row('chain: block without transactions', median(plain), blockTimeMs),
    row('chain: block between epochs, 256 neurons', median(full.plain), blockTimeMs),
    row('chain: epoch block, 256 neurons, 64 full rows', median(full.epoch), blockTimeMs),
  ];
}

function row(name: string, value: number, goal: number): BenchRow {
  return { name, value, unit: 'ms', peer: null, ratio: null, goal, ok: value <= goal };
}

interface Times {
  readonly plain: readonly number[];
  readonly epoch: readonly number[];
}

async function timesOf(
  genesis: GenesisConfig,
  prepare: (chain: DevChain) => Promise<void>,
  check: (chain: DevChain) => Promise<void>,
): Promise<Times> {
  const log = createLogger({ level: 'error' });
  const chain = await startDevChain({ port: 0, blockTimeMs, genesis, manual: true, log });
  try {
    await prepare(chain);
    while (chain.head().number < warmUpEpochs * tempo) await chain.newBlock();
    const times = await measure(chain);
    await check(chain);
    return times;
  } finally {
    await chain.close();
  }
}

/** An epoch is due whenever the number of the block is a multiple of the tempo. */
async function measure(chain: DevChain): Promise<Times> {
  const times = { plain: [] as number[], epoch: [] as number[] };
  for (let made = 0; made < measuredEpochs * tempo; made += 1) {
    const started = performance.now();
    await chain.newBlock();
    const list = chain.head().number % tempo === 0 ? times.epoch : times.plain;
    list.push(performance.now() - started);
  }
  return times;
}

function genesisOf(count: number, staked: number): GenesisConfig {
  const others = Array.from({ length: count - 1 }, (_, at) => ({
    hotkey: `//Bench//${at + 1}`,
    coldkey: '//Bob',
    stakeTao: at < staked ? 1000 + at : 0,
  }));
  return genesisSchema.parse({
    balances: [{ account: '//Bob', tao: 1000 }],
    network: { stakeThresholdTao: 0 },
    subnets: [
      {
        netuid,
        owner: '//Alice',
        ownerHotkey: '//Bench//0',
        tempo,
        maxAllowedUids: neurons,
        maxAllowedValidators: validators,
        commitRevealEnabled: false,
        neurons: others,
      },
    ],
  });
}

/** Storage prefixes: twox_128 of `SubtensorModule` and of the item. */
const pallet = '658faa385070e074c85bf6b568cf0555';
const items = {
  weights: 'a1e7036061f484bc3048a64b64e35ec4',
  lastUpdate: '696e262a16e52255a69d8acd79354146',
  validatorPermit: '56af5b07ace59da2c9d7f0d48bc93143',
  bonds: '5641285262b8f970e4cbaafbff8d6ab0',
} as const;

const u16 = (value: number): Uint8Array => littleEndian(BigInt(value), 2);
const hex = (bytes: Uint8Array): string => toHex(bytes).slice(2);

function vec(values: readonly Uint8Array[]): string {
  return toHex(concat(compact(values.length), ...values));
}

function keyOf(item: keyof typeof items, ...parts: readonly number[]): string {
  return `0x${pallet}${items[item]}${parts.map((part) => hex(u16(part))).join('')}`;
}

/** Sent one by one, 64 rows of 256 would fill many blocks: they are written into storage. */
async function setFullRows(chain: DevChain): Promise<void> {
  const uids = Array.from({ length: neurons }, (_, uid) => uid);
  const rows = uids
    .slice(1, validators + 1)
    .map((from) => [keyOf('weights', netuid, from), vec(uids.map((to) => entry(from, to)))]);
  const permits = uids.map((uid) => Uint8Array.of(uid >= 1 && uid <= validators ? 1 : 0));
  await rpc(chain, 'dev_setStorage', [
    [
      ...rows,
      [keyOf('lastUpdate', netuid), vec(uids.map(() => littleEndian(1n, 8)))],
      [keyOf('validatorPermit', netuid), vec(permits)],
    ],
  ]);
}

/** Validators that mostly agree: a common part, and one of their own. */
function entry(from: number, to: number): Uint8Array {
  const value = ((to * 7919) % 50_000) + ((from * to * 31) % 15_000);
  return concat(u16(to), u16(value));
}

/** An epoch that counted the rows leaves bonds to nearly every neuron. */
async function checkBonds(chain: DevChain): Promise<void> {
  const bonds = await rpc(chain, 'state_getStorage', [keyOf('bonds', netuid, 1)]);
  const entryBytes = 4;
  const held = typeof bonds === 'string' ? (bonds.length / 2 - 1) / entryBytes : 0;
  if (held < neurons / 2) throw new Error(`the epoch left ${Math.floor(held)} bonds of ${neurons}`);
}

async function rpc(chain: DevChain, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(chain.httpUrl, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const answer: unknown = await response.json();
  if (typeof answer === 'object' && answer !== null && 'error' in answer) {
    throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
  }
  return typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : null;
}
