import { blake2b } from '@noble/hashes/blake2.js';
import type { Hotkey } from '../brand.ts';
import type { Beacon, PendingCommit } from '../chain-port.ts';
import { toHex } from '../hex.ts';
import type { StateView } from '../state-view.ts';
import { asBytes, asList, asNumber, asRecord, unfit } from './decoded.ts';
import { mechanismIndex } from './subnet-state.ts';

const pallet = 'SubtensorModule';

/** Commits of one hotkey that wait for their reveal, oldest first; both kinds. */
export async function readPendingCommits(
  view: StateView,
  netuid: number,
  mecid: number,
  hotkey: Hotkey,
): Promise<readonly PendingCommit[]> {
  const index = mechanismIndex(view, netuid, mecid);
  const [hashes, timelocked] = await Promise.all([
    view.hasStorage(pallet, 'WeightCommits')
      ? view.storage(pallet, 'WeightCommits', index, hotkey)
      : null,
    view.hasStorage(pallet, 'TimelockedWeightCommits')
      ? view.entries(pallet, 'TimelockedWeightCommits', index)
      : [],
  ]);
  const found = [
    ...(hashes === null ? [] : asList(hashes).map(readHash)),
    ...timelocked.flatMap(({ keys, value }) => readTimelocked(asNumber(keys[0]), value, hotkey)),
  ];
  return found.sort((a, b) => a.block - b.block);
}

/**
 * (hash, epoch, block, 0) since runtimes count reveals in epochs; before that (hash, block, first
 * and last block of its reveal), which is never 0.
 */
function readHash(entry: unknown): PendingCommit {
  const [hash, second, third, last] = asList(entry);
  if (typeof hash !== 'string') throw unfit('a hash', hash);
  const isByEpoch = asNumber(last) === 0;
  return {
    kind: 'hash',
    hash,
    block: asNumber(isByEpoch ? third : second),
    epoch: isByEpoch ? asNumber(second) : null,
  };
}

function readTimelocked(epoch: number, queue: unknown, hotkey: Hotkey): readonly PendingCommit[] {
  return asList(queue)
    .map(asList)
    .filter(([who]) => who === hotkey)
    .map(([, block, commit, round]) => ({
      kind: 'timelocked',
      hash: `0x${toHex(blake2b(asBytes(commit), { dkLen: 32 }))}`,
      block: asNumber(block),
      epoch,
      revealRound: asNumber(round),
    }));
}

/** null where the runtime has no beacon. */
export async function readBeacon(view: StateView): Promise<Beacon | null> {
  if (!view.hasStorage('Drand', 'BeaconConfig')) return null;
  const config = asRecord(await view.storage('Drand', 'BeaconConfig'));
  return {
    publicKey: asBytes(config['publicKey']),
    genesisTimeS: asNumber(config['genesisTime']),
    periodS: asNumber(config['period']),
    chainHash: String(config['hash']).replace(/^0x/, ''),
  };
}

/** Whether the chain holds the pulse of this round. */
export async function readHasPulse(view: StateView, round: number): Promise<boolean> {
  if (!view.hasStorage('Drand', 'Pulses')) return false;
  return (await view.storage('Drand', 'Pulses', round)) !== null;
}
