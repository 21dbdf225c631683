import { raoPerTao } from '../rao.ts';

/** An amount with its unit, exact to the RAO: what subnets' stake is counted in is alpha. */
export interface Amount {
  readonly unit: 'TAO' | 'alpha';
  /** 1e-9 of the unit. */
  readonly rao: bigint;
}

export function tao(rao: bigint): Amount {
  return { unit: 'TAO', rao };
}

/** Stake on a subnet is counted in its alpha; on root (netuid 0) one alpha is one TAO. */
export function stakeOn(netuid: number, rao: bigint): Amount {
  return { unit: netuid === 0 ? 'TAO' : 'alpha', rao };
}

/** RAO of a decimal text such as `1.5`; null for anything that is not exactly representable. */
export function parseAmount(text: string): bigint | null {
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text.trim());
  if (match === null) return null;
  return BigInt(match[1] ?? '0') * raoPerTao + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** `1.5`, without trailing zeros; exact. */
export function decimalText(rao: bigint): string {
  const size = rao < 0n ? -rao : rao;
  const fraction = String(size % raoPerTao)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const whole = `${rao < 0n ? '-' : ''}${size / raoPerTao}`;
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** `1.5 TAO`. */
export function amountText({ unit, rao }: Amount): string {
  return `${decimalText(rao)} ${unit}`;
}

/** For `--json`: the decimal text for people's scripts, RAO for exact ones. */
export function amountJson({ unit, rao }: Amount): Readonly<Record<string, string>> {
  return { amount: decimalText(rao), unit, rao: String(rao) };
}

/** For tables: at most `decimals` of them, cut, never rounded up to what is not there. */
export function shortDecimal(rao: bigint, decimals = 4): string {
  const step = 10n ** BigInt(9 - decimals);
  const cut = decimalText((rao / step) * step);
  const [whole = '0', fraction = ''] = cut.split('.');
  return `${whole}.${fraction.padEnd(decimals, '0')}`;
}

/** What an amount of alpha is worth at a price in RAO of TAO for one whole alpha, rounded down. */
export function worth(alphaRao: bigint, priceRao: bigint): bigint {
  return (alphaRao * priceRao) / raoPerTao;
}
