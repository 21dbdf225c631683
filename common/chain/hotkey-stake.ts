import type { Hotkey, Ss58 } from '../brand.ts';
import type { StateView } from '../state-view.ts';
import { asBig, asList, asSs58 } from './decoded.ts';

const pallet = 'SubtensorModule';
const whole = (1n << 64n) - 1n;

export interface HotkeyStake {
  /** What counts in consensus. */
  readonly totalRao: bigint;
  /** The subnet's own; on runtimes before alpha the same as the total. */
  readonly alphaRao: bigint;
}

/** A share of u64::MAX, and whose. */
interface Relation {
  readonly proportion: bigint;
  readonly hotkey: Hotkey;
}

/**
 * Stake of hotkeys on a subnet, from storage: own, less what child keys take, plus what parents
 * give. Since alpha: the subnet's alpha plus root stake by `TaoWeight`; before it `TotalHotkeyStake`,
 * capped by `NetworkMaxStake`. The runtime rounds in fixed point: the last RAO may differ.
 */
export async function readStakes(
  view: StateView,
  netuid: number,
  hotkeys: readonly Hotkey[],
): Promise<readonly HotkeyStake[]> {
  const [children, parents, limits] = await Promise.all([
    readRelations(view, 'ChildKeys', netuid, hotkeys),
    readRelations(view, 'ParentKeys', netuid, hotkeys),
    readLimits(view, netuid),
  ]);
  const everybody = new Set<Hotkey>(hotkeys);
  for (const relation of parents.flat()) everybody.add(relation.hotkey);
  const own = await readOwn(view, netuid, [...everybody]);
  return hotkeys.map((hotkey, at) => {
    const inherit = (of: (stake: OwnStake) => bigint): bigint =>
      inherited(of(own(hotkey)), children[at] ?? [], parents[at] ?? [], (one) => of(own(one)));
    const alphaRao = inherit((stake) => stake.alphaRao);
    const rootRao = inherit((stake) => stake.rootRao);
    const total = alphaRao + (rootRao * limits.taoWeight) / whole;
    const totalRao = total < limits.maxRao ? total : limits.maxRao;
    return { totalRao, alphaRao };
  });
}

interface OwnStake {
  readonly alphaRao: bigint;
  readonly rootRao: bigint;
}

function inherited(
  ownRao: bigint,
  children: readonly Relation[],
  parents: readonly Relation[],
  stakeOf: (hotkey: Hotkey) => bigint,
): bigint {
  let given = 0n;
  for (const { proportion } of children) given += (ownRao * proportion) / whole;
  let stake = ownRao > given ? ownRao - given : 0n;
  for (const { proportion, hotkey } of parents) stake += (stakeOf(hotkey) * proportion) / whole;
  return stake;
}

async function readLimits(
  view: StateView,
  netuid: number,
): Promise<{ taoWeight: bigint; maxRao: bigint }> {
  const [weight, max] = await Promise.all([
    view.hasStorage(pallet, 'TaoWeight') ? view.storage(pallet, 'TaoWeight') : 0,
    view.hasStorage(pallet, 'NetworkMaxStake')
      ? view.storage(pallet, 'NetworkMaxStake', netuid)
      : whole.toString(),
  ]);
  return { taoWeight: asBig(weight), maxRao: asBig(max) };
}

async function readRelations(
  view: StateView,
  item: 'ChildKeys' | 'ParentKeys',
  netuid: number,
  hotkeys: readonly Hotkey[],
): Promise<readonly (readonly Relation[])[]> {
  if (!view.hasStorage(pallet, item)) return hotkeys.map(() => []);
  const keys = hotkeys.map((hotkey) => [hotkey, netuid] as const);
  const lists = await view.storageMany(pallet, item, keys);
  return lists.map((list) =>
    asList(list).map((pair) => {
      const [proportion, hotkey] = asList(pair);
      return { proportion: asBig(proportion), hotkey: asSs58(hotkey) };
    }),
  );
}

async function readOwn(
  view: StateView,
  netuid: number,
  hotkeys: readonly Ss58[],
): Promise<(hotkey: Hotkey) => OwnStake> {
  const isAlpha = view.hasStorage(pallet, 'TotalHotkeyAlpha');
  const [alpha, root] = await Promise.all([
    isAlpha
      ? readAmounts(
          view,
          'TotalHotkeyAlpha',
          hotkeys.map((hotkey) => [hotkey, netuid]),
        )
      : readAmounts(
          view,
          'TotalHotkeyStake',
          hotkeys.map((hotkey) => [hotkey]),
        ),
    isAlpha
      ? readAmounts(
          view,
          'TotalHotkeyAlpha',
          hotkeys.map((hotkey) => [hotkey, 0]),
        )
      : [],
  ]);
  const stakes = new Map(
    hotkeys.map((hotkey, at) => [hotkey, { alphaRao: alpha[at] ?? 0n, rootRao: root[at] ?? 0n }]),
  );
  return (hotkey) => stakes.get(hotkey) ?? { alphaRao: 0n, rootRao: 0n };
}

async function readAmounts(
  view: StateView,
  item: string,
  keys: readonly (readonly unknown[])[],
): Promise<readonly bigint[]> {
  return (await view.storageMany(pallet, item, keys)).map(asBig);
}
