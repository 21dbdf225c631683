import { asBig, asOwner } from '../chain/decoded.ts';
import type { Coldkey, Hotkey } from '../brand.ts';
import type { StateView } from '../state-view.ts';
import { amountText, stakeOn, tao } from './amount.ts';
import { optionalBig } from './optional-reads.ts';
import { quotePurchase } from './quotes.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** The least that the chain takes; 0 where it takes any amount. */
export interface StakeMinimum {
  /** RAO of TAO that one trade must be worth. */
  readonly tradeRao: bigint;
  /** RAO of TAO to pay when buying: the pool's fee comes on top. */
  readonly buyRao: bigint;
  /** Stake that a coldkey may have behind a hotkey of another; less is paid out with a sale. */
  readonly nominationRao: bigint;
  /** Whether less is refused when it is added: chains of before alpha do so. */
  readonly refusesLess: boolean;
}

/** RAO of TAO that one trade of stake must be worth. */
export function leastTrade(view: StateView): bigint {
  return asBig(view.constant('SubtensorModule', 'InitialMinStake') ?? 0);
}

const millionth = 1_000_000n;

export async function readStakeMinimum(
  view: StateView,
  netuid: number,
  hasAlpha: boolean,
): Promise<StakeMinimum> {
  const tradeRao = leastTrade(view);
  const [{ feeRao }, nomination] = await Promise.all([
    tradeRao === 0n ? { feeRao: 0n } : quotePurchase(view, netuid, tradeRao),
    optionalBig(view, 'NominatorMinRequiredStake'),
  ]);
  const kept = nomination ?? 0n;
  // Counted in millionths of the least trade; plain RAO on chains of before alpha.
  const nominationRao = hasAlpha ? (tradeRao * kept) / millionth : kept;
  return { tradeRao, buyRao: tradeRao + feeRao, nominationRao, refusesLess: !hasAlpha };
}

/** Whether somebody else's hotkey gets the stake. */
export function isNomination(owner: unknown, coldkey: Coldkey): boolean {
  const found = asOwner(owner);
  return found !== null && found !== coldkey;
}

export function tooLittle(minimumRao: bigint, valueRao: bigint, what: string): Refusal | null {
  if (valueRao >= minimumRao) return null;
  const [value, least] = [valueRao, minimumRao].map((rao) => amountText(tao(rao)));
  const detail = `${what} ${value}, the chain takes no less than ${least}`;
  return refusal('AMOUNT_TOO_LOW', 'AmountTooLow', detail);
}

interface Nomination {
  readonly netuid: number;
  readonly hotkey: Hotkey;
  readonly stakeRao: bigint;
  readonly nominates: boolean;
  readonly minimum: StakeMinimum;
}

/** Chains of before alpha refuse a nomination that stays below their least. */
export function smallNomination(state: Nomination, amountRao: bigint): Refusal | null {
  const { netuid, hotkey, stakeRao, nominates, minimum } = state;
  const after = stakeRao + amountRao;
  if (!minimum.refusesLess || !nominates || after >= minimum.nominationRao) return null;
  const [have, least] = [after, minimum.nominationRao].map((rao) =>
    amountText(stakeOn(netuid, rao)),
  );
  const detail = `${have} behind ${hotkey}, the least of a nominator is ${least}`;
  return refusal('AMOUNT_TOO_LOW', 'NomStakeBelowMinimumThreshold', detail);
}

/** What a sale leaves of a nomination, where that is so little that it is paid out as well; else 0. */
export function paidOutToo(state: Nomination, amountRao: bigint): bigint {
  const rest = state.stakeRao - amountRao;
  const isSmall = state.nominates && rest > 0n && rest < state.minimum.nominationRao;
  return isSmall ? rest : 0n;
}
