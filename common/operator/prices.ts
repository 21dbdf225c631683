import { asBig, asList, asNumber, asRecord } from '../chain/decoded.ts';
import type { StateView } from '../state-view.ts';
import { optionalMany } from './optional-reads.ts';
import { raoPerTao } from '../rao.ts';

const swapApi = 'SwapRuntimeApi';

/**
 * RAO of TAO for one whole alpha of each netuid: from the chain's own quote where it has one, else
 * from the pools' reserves, else 1 (root, subnets of the stable mechanism, and chains of before
 * alpha, whose stake is TAO).
 */
export async function readPrices(
  view: StateView,
  netuids: readonly number[],
): Promise<ReadonlyMap<number, bigint>> {
  const quoted = await quotedPrices(view, netuids);
  const missing = netuids.filter((netuid) => !quoted.has(netuid));
  const pooled = await pooledPrices(view, missing);
  return new Map([...quoted, ...pooled, [0, raoPerTao]]);
}

export async function readPrice(view: StateView, netuid: number): Promise<bigint> {
  return (await readPrices(view, [netuid])).get(netuid) ?? raoPerTao;
}

async function quotedPrices(
  view: StateView,
  netuids: readonly number[],
): Promise<ReadonlyMap<number, bigint>> {
  if (netuids.length > 1 && view.hasApi(swapApi, 'current_alpha_price_all')) {
    const rows = asList(await view.api(swapApi, 'current_alpha_price_all')).map(asRecord);
    return new Map(rows.map((row) => [asNumber(row['netuid']), asBig(row['price'])]));
  }
  if (!view.hasApi(swapApi, 'current_alpha_price')) return new Map();
  const quote = async (netuid: number): Promise<readonly [number, bigint]> => [
    netuid,
    asBig(await view.api(swapApi, 'current_alpha_price', netuid)),
  ];
  return new Map(await Promise.all(netuids.map(quote)));
}

async function pooledPrices(
  view: StateView,
  netuids: readonly number[],
): Promise<readonly (readonly [number, bigint])[]> {
  const [mechanisms, reserves, alphas] = await Promise.all([
    optionalMany(view, 'SubnetMechanism', netuids),
    optionalMany(view, 'SubnetTAO', netuids),
    optionalMany(view, 'SubnetAlphaIn', netuids),
  ]);
  return netuids.map((netuid, at) => [netuid, pooled(mechanisms[at], reserves[at], alphas[at])]);
}

function pooled(mechanism: unknown, reserve: unknown, alpha: unknown): bigint {
  if (mechanism === undefined || asNumber(mechanism) === 0 || alpha === undefined) return raoPerTao;
  const alphaIn = asBig(alpha);
  return alphaIn === 0n ? raoPerTao : (asBig(reserve) * raoPerTao) / alphaIn;
}
