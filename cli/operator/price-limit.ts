import type { Amount } from '../../common/operator/amount.ts';
import type { PriceLimit } from '../../common/operator/stake-plan.ts';
import type { Facts } from './facts.ts';

/** How far a price may move away while a trade is under way. */
export interface LimitFlags {
  /** RAO; of what, the command says. */
  readonly limitPrice?: bigint;
  /** Thousandths by which the price may move. */
  readonly tolerance?: bigint;
  readonly partial?: boolean;
  /** At any price. */
  readonly unsafe?: boolean;
}

/** As btcli's: half a percent. */
export const defaultTolerancePermille = 5n;

/** The limit with its rule; `instead` says why there is none. */
export function limitFacts(
  limit: PriceLimit | null,
  amountOf: (rao: bigint) => Amount,
  instead: string,
): Facts {
  if (limit === null) return { priceLimit: null, limitRule: instead };
  const limitRule = limit.partial ? 'as much as the limit allows' : 'all or nothing';
  return { priceLimit: amountOf(limit.limitPriceRao), limitRule };
}
