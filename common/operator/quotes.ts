import { asBig, asRecord } from '../chain/decoded.ts';
import type { StateView } from '../state-view.ts';
import { worth } from './amount.ts';
import { readPrice } from './prices.ts';
import { raoPerTao } from '../rao.ts';

const api = 'SwapRuntimeApi';
/** RAO of TAO that a sale of alpha brings now, after the pool's move and its fee. */
export async function quoteSale(
  view: StateView,
  netuid: number,
  alphaRao: bigint,
): Promise<bigint> {
  const found = await simulated(view, 'sim_swap_alpha_for_tao', netuid, alphaRao);
  if (found !== null) return asBig(found['taoAmount']);
  return worth(alphaRao, await readPrice(view, netuid));
}

export interface Purchase {
  readonly alphaRao: bigint;
  /** RAO of TAO, a part of what is paid. */
  readonly feeRao: bigint;
}

/** What so much TAO buys now, after the pool's move and its fee. */
export async function quotePurchase(
  view: StateView,
  netuid: number,
  taoRao: bigint,
): Promise<Purchase> {
  const found = await simulated(view, 'sim_swap_tao_for_alpha', netuid, taoRao);
  if (found !== null) {
    return { alphaRao: asBig(found['alphaAmount']), feeRao: asBig(found['taoFee']) };
  }
  const priceRao = await readPrice(view, netuid);
  return { alphaRao: priceRao === 0n ? 0n : (taoRao * raoPerTao) / priceRao, feeRao: 0n };
}

/** The chain's own answer; null where this runtime gives none. */
async function simulated(
  view: StateView,
  method: string,
  netuid: number,
  amountRao: bigint,
): Promise<Readonly<Record<string, unknown>> | null> {
  if (!view.hasApi(api, method)) return null;
  return asRecord(await view.api(api, method, netuid, amountRao));
}
