import { asBig, asList, asNumber, asRecord, asSs58 } from '../chain/decoded.ts';
import type { Coldkey, Hotkey } from '../brand.ts';
import type { StateView } from '../state-view.ts';
import { worth } from './amount.ts';
import { readPrices } from './prices.ts';

/** Stake of one coldkey behind one hotkey on one subnet. */
export interface StakePosition {
  readonly hotkey: Hotkey;
  readonly netuid: number;
  /** Alpha of the subnet; TAO on root. */
  readonly stakeRao: bigint;
  /** RAO of TAO for one whole alpha. */
  readonly priceRao: bigint;
  /** At that price, in RAO of TAO; a sale of much moves the price. */
  readonly valueRao: bigint;
}

export interface ColdkeyBalance {
  readonly coldkey: Coldkey;
  readonly freeRao: bigint;
  readonly reservedRao: bigint;
  readonly positions: readonly StakePosition[];
  /** Sum of the positions' values. */
  readonly stakedValueRao: bigint;
}

/** Free balance and stake of a coldkey, at the view's block. */
export async function readColdkeyBalance(
  view: StateView,
  coldkey: Coldkey,
): Promise<ColdkeyBalance> {
  const [account, positions] = await Promise.all([
    view.storage('System', 'Account', coldkey),
    readStakes(view, coldkey),
  ]);
  const data = asRecord(asRecord(account)['data']);
  return {
    coldkey,
    freeRao: asBig(data['free']),
    reservedRao: asBig(data['reserved']),
    positions,
    stakedValueRao: positions.reduce((sum, { valueRao }) => sum + valueRao, 0n),
  };
}

interface Stake {
  readonly hotkey: Hotkey;
  readonly netuid: number;
  readonly stakeRao: bigint;
}

/**
 * All stake of a coldkey, largest value first. From the runtime's own API where it answers in
 * decoded form, else from storage: shares of the hotkeys' pools (`Alpha`), or plain amounts
 * (`Stake`) on chains of before alpha.
 */
export async function readStakes(
  view: StateView,
  coldkey: Coldkey,
): Promise<readonly StakePosition[]> {
  const stakes = (await fromApi(view, coldkey)) ?? (await fromStorage(view, coldkey));
  const held = stakes.filter(({ stakeRao }) => stakeRao > 0n);
  const prices = await readPrices(view, [...new Set(held.map(({ netuid }) => netuid))]);
  return held
    .map((one) => {
      const priceRao = prices.get(one.netuid) ?? 0n;
      return { ...one, priceRao, valueRao: worth(one.stakeRao, priceRao) };
    })
    .sort((a, b) => Number(b.valueRao - a.valueRao) || a.netuid - b.netuid);
}

/** Of one hotkey on one subnet; 0 when there is none. */
export async function readStake(
  view: StateView,
  coldkey: Coldkey,
  hotkey: Hotkey,
  netuid: number,
): Promise<bigint> {
  const stakes = (await fromApi(view, coldkey)) ?? (await fromStorage(view, coldkey));
  const found = stakes.find((one) => one.hotkey === hotkey && one.netuid === netuid);
  return found?.stakeRao ?? 0n;
}

async function fromApi(view: StateView, coldkey: Coldkey): Promise<readonly Stake[] | null> {
  const [api, method] = ['StakeInfoRuntimeApi', 'get_stake_info_for_coldkey'];
  if (!view.hasApi(api, method) || !view.hasStorage('SubtensorModule', 'SubnetTAO')) return null;
  const rows = await view.api(api, method, coldkey);
  // Old runtimes answer with bytes that their metadata does not describe.
  if (!Array.isArray(rows)) return null;
  return rows.map(asRecord).map((row) => ({
    hotkey: asSs58(row['hotkey']),
    netuid: asNumber(row['netuid']),
    stakeRao: asBig(row['stake']),
  }));
}

async function fromStorage(view: StateView, coldkey: Coldkey): Promise<readonly Stake[]> {
  const hotkeys = await view.storage('SubtensorModule', 'StakingHotkeys', coldkey);
  const found = await Promise.all(
    asList(hotkeys).map((hotkey) =>
      view.hasStorage('SubtensorModule', 'Alpha')
        ? poolShares(view, asSs58(hotkey), coldkey)
        : plainStake(view, asSs58(hotkey), coldkey),
    ),
  );
  return found.flat();
}

/** Chains of before alpha: all stake works on root. */
async function plainStake(
  view: StateView,
  hotkey: Hotkey,
  coldkey: Coldkey,
): Promise<readonly Stake[]> {
  const stake = await view.storage('SubtensorModule', 'Stake', hotkey, coldkey);
  return [{ hotkey, netuid: 0, stakeRao: asBig(stake) }];
}

/** A coldkey's part is its share of the hotkey's pool: TotalHotkeyAlpha x Alpha / shares. */
async function poolShares(
  view: StateView,
  hotkey: Hotkey,
  coldkey: Coldkey,
): Promise<readonly Stake[]> {
  const entries = await view.entries('SubtensorModule', 'Alpha', hotkey, coldkey);
  return Promise.all(
    entries.map(async ({ keys, value }) => {
      const netuid = asNumber(keys.at(-1));
      const [pool, shares] = await Promise.all([
        view.storage('SubtensorModule', 'TotalHotkeyAlpha', hotkey, netuid),
        view.storage('SubtensorModule', 'TotalHotkeyShares', hotkey, netuid),
      ]);
      const all = bitsOf(shares);
      const stakeRao = all === 0n ? 0n : (asBig(pool) * bitsOf(value)) / all;
      return { hotkey, netuid, stakeRao };
    }),
  );
}

/** A fixed-point number's raw bits. */
function bitsOf(value: unknown): bigint {
  return asBig(asRecord(value)['bits']);
}
