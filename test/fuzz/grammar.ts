import type { Random } from './random.ts';

/** JSON as a stranger may write it: mostly in order, with the numbers and texts that hurt. */
export function jsonText(random: Random, depth = 0): string {
  const kind = random.below(depth > 5 ? 4 : 7);
  if (kind === 0) return random.pick(numberTexts);
  if (kind === 1) return stringText(random);
  if (kind === 2) return random.pick(['true', 'false', 'null']);
  if (kind === 3) return String(random.below(1000));
  const items = Array.from({ length: random.length(5) }, () => jsonText(random, depth + 1));
  if (kind !== 6) return `[${items.join()}]`;
  return `{${items.map((item) => `${stringText(random)}:${item}`).join()}}`;
}

export const numberTexts: readonly [string, ...string[]] = [
  '0',
  '-0',
  '1',
  '-1',
  '0.5',
  '1e308',
  '1e999',
  '-1e999',
  '5e-324',
  '1E+2',
  '9007199254740992',
  '9007199254740993',
  '-9223372036854775808',
  '18446744073709551615',
  '18446744073709551616',
  '123456789012345678901234567890',
  '65504',
  '0.1000000000000000055511151231257827',
];

export function stringText(random: Random): string {
  return random.pick([
    '""',
    '"a"',
    '"image"',
    '"__proto__"',
    '"constructor"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"é"',
    '"\\"\\\\"',
    '"data"',
    `"${'x'.repeat(random.length(2000))}"`,
  ]);
}

export function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf8'));
}
