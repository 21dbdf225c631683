import { amountJson, amountText } from '../../common/operator/amount.ts';
import type { Amount } from '../../common/operator/amount.ts';

/** What a command tells, to people as lines and to scripts as JSON: one source for both. */
export type Facts = Readonly<Record<string, Fact>>;

/** Amounts carry their unit; other numbers say it in their name (`validUntilBlock`). */
export type Fact =
  string | number | boolean | null | Amount | readonly Fact[] | { readonly [name: string]: Fact };

function isAmount(fact: Fact): fact is Amount {
  return typeof fact === 'object' && fact !== null && 'rao' in fact && 'unit' in fact;
}

function isList(fact: Fact): fact is readonly Fact[] {
  return Array.isArray(fact);
}

export function factsJson(facts: Facts): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, factJson(fact)]));
}

function factJson(fact: Fact): unknown {
  if (typeof fact !== 'object' || fact === null) return fact;
  if (isAmount(fact)) return amountJson(fact);
  return isList(fact) ? fact.map(factJson) : factsJson(fact);
}

/** One line a fact, names aligned; what is null is shown as a dash. */
export function factLines(facts: Facts, indent = '  '): readonly string[] {
  const entries = Object.entries(facts);
  const width = Math.max(0, ...entries.map(([name]) => wordsOf(name).length));
  return entries.map(
    ([name, fact]) => `${indent}${wordsOf(name).padEnd(width)}  ${factText(fact)}`,
  );
}

export function factText(fact: Fact): string {
  if (fact === null || fact === '') return '-';
  if (typeof fact === 'boolean') return fact ? 'yes' : 'no';
  if (typeof fact !== 'object') return String(fact);
  if (isAmount(fact)) return amountText(fact);
  if (isList(fact)) return fact.map(factText).join(', ');
  return Object.entries(fact)
    .map(([name, one]) => `${wordsOf(name)} ${factText(one)}`)
    .join(', ');
}

/** `maxBurn` -> `max burn`. */
function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
