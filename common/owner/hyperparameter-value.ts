import { SubnetError } from '../errors.ts';
import { asBig, asList, asRecord } from '../chain/decoded.ts';
import type { Hyperparameter } from './hyperparameters.ts';
import { raoPerTao } from '../rao.ts';

/** A hyperparameter as the chain keeps it: TAO in RAO, factors as the bits of a U64F64. */
export type RawValue = boolean | bigint | readonly [bigint, bigint];

const fixedBits = 64n;

/**
 * Reads what a person wrote, in YAML or on a command line. Throws HYPERPARAMETER_VALUE with what
 * is expected when it does not fit.
 */
export function parseValue(parameter: Hyperparameter, written: unknown): RawValue {
  const value = readers[parameter.kind](written);
  if (value === null) throw unfit(parameter, written);
  for (const one of numbersIn(value)) {
    if (one < scaled(parameter, parameter.min) || one > scaled(parameter, parameter.max)) {
      throw unfit(parameter, written);
    }
  }
  return value;
}

/** Bounds stand in the table in whole units; a factor's raw value has 64 fraction bits. */
export function scaled(parameter: Hyperparameter, bound: bigint): bigint {
  return parameter.kind === 'factor' ? bound << fixedBits : bound;
}

function numbersIn(value: RawValue): readonly bigint[] {
  if (typeof value === 'boolean') return [];
  return typeof value === 'bigint' ? [value] : value;
}

function unfit(parameter: Hyperparameter, written: unknown): SubnetError {
  const got = JSON.stringify(written) ?? 'nothing';
  const detail = `${parameter.name} is ${got.slice(0, 60)}, expected ${expectation(parameter)}`;
  return new SubnetError('HYPERPARAMETER_VALUE', { detail });
}

/** e.g. `a whole number from 0 to 65535`. */
export function expectation({ kind, min, max, rule }: Hyperparameter): string {
  const more = rule === undefined ? '' : ` (${rule})`;
  const texts = {
    boolean: 'true or false',
    integer: `a whole number from ${min} to ${max}${more}`,
    tao: `an amount in TAO such as "0.5", at most nine decimals${more}`,
    pair: `[low, high], whole numbers from ${min} to ${max}${more}`,
    factor: `a number from ${min} to ${max}${more}`,
  } as const;
  return texts[kind];
}

type Reader = (written: unknown) => RawValue | null;

const readers: Readonly<Record<Hyperparameter['kind'], Reader>> = {
  boolean: readBoolean,
  integer: readInteger,
  tao: (written) => readDecimal(written, 9),
  pair: readPair,
  factor: readFactor,
};

function readBoolean(written: unknown): boolean | null {
  if (typeof written === 'boolean') return written;
  if (written === 'true' || written === 'on') return true;
  return written === 'false' || written === 'off' ? false : null;
}

function readInteger(written: unknown): bigint | null {
  if (typeof written === 'number') return Number.isSafeInteger(written) ? BigInt(written) : null;
  return typeof written === 'string' && /^-?\d{1,20}$/.test(written) ? BigInt(written) : null;
}

function readPair(written: unknown): readonly [bigint, bigint] | null {
  const parts = typeof written === 'string' ? written.split(/[,\s]+/) : written;
  if (!Array.isArray(parts) || parts.length !== 2) return null;
  const [low, high] = [readInteger(parts[0]), readInteger(parts[1])];
  return low === null || high === null || low > high ? null : [low, high];
}

/** A decimal text or number times 10 ** decimals, exactly; null for more decimals than that. */
function readDecimal(written: unknown, decimals: number): bigint | null {
  const text = typeof written === 'number' ? plainText(written, decimals) : written;
  const match = typeof text === 'string' ? /^(\d{1,12})(?:\.(\d+))?$/.exec(text) : null;
  const fraction = match?.[2] ?? '';
  if (match === null || fraction.length > decimals) return null;
  return BigInt((match[1] ?? '') + fraction.padEnd(decimals, '0'));
}

/** Numbers of YAML such as 1e-7 without their exponent; null where the decimals do not hold them. */
function plainText(value: number, decimals: number): string | null {
  const text = String(value);
  if (!/e/i.test(text)) return text;
  const fixed = value.toFixed(decimals);
  return Number(fixed) === value ? fixed : null;
}

function readFactor(written: unknown): bigint | null {
  const places = 9;
  const value = readDecimal(written, places);
  return value === null ? null : ((value << fixedBits) + 500_000_000n) / 10n ** BigInt(places);
}

/** Reads what the chain holds (decoded by its metadata). Throws CHAIN_UNSUPPORTED. */
export function chainValue(parameter: Hyperparameter, value: unknown): RawValue {
  switch (parameter.kind) {
    case 'boolean':
      if (typeof value === 'boolean') return value;
      throw new SubnetError('CHAIN_UNSUPPORTED', { detail: `${parameter.item} is no flag` });
    case 'pair': {
      const [low, high] = asList(value);
      return [asBig(low), asBig(high)];
    }
    case 'factor':
      return asBig(asRecord(value)['bits']);
    case 'integer':
      return signed(value);
    case 'tao':
      return asBig(value);
  }
}

function signed(value: unknown): bigint {
  return typeof value === 'number' ? BigInt(value) : asBig(value);
}

export function sameValue(a: RawValue, b: RawValue): boolean {
  return String(a) === String(b);
}

/** As a person writes it, with its unit: `0.5 TAO`, `true`, `45875, 58982`. */
export function showValue(parameter: Hyperparameter, value: RawValue): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'bigint') return value.join(', ');
  if (parameter.kind === 'tao') return `${decimalText(value)} TAO`;
  return parameter.kind === 'factor' ? factorText(value) : String(value);
}

const widestNumber = 2n ** 32n;

/** As `parseValue` takes it: for `--json`, where what may be wider than 32 bits is always text. */
export function plainValue(parameter: Hyperparameter, value: RawValue): unknown {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'bigint') return value.map(Number);
  if (parameter.kind === 'tao') return decimalText(value);
  if (parameter.kind === 'factor') return factorText(value);
  return parameter.max < widestNumber ? Number(value) : String(value);
}

function decimalText(rao: bigint): string {
  const fraction = String(rao % raoPerTao)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(rao / raoPerTao) : `${rao / raoPerTao}.${fraction}`;
}

function factorText(bits: bigint): string {
  return decimalText((bits * raoPerTao + (1n << (fixedBits - 1n))) >> fixedBits);
}

/** The arguments after netuid, as the call wants them. */
export function callArguments(
  parameter: Hyperparameter,
  value: RawValue,
): Readonly<Record<string, unknown>> {
  if (typeof value === 'object') return { alpha_low: value[0], alpha_high: value[1] };
  if (parameter.kind === 'factor') return { [parameter.argument]: { bits: value } };
  return { [parameter.argument]: value };
}
