import { isAlias, isMap, isNode, isScalar, parseDocument } from 'yaml';
import type { Document, Node, Pair, YAMLMap } from 'yaml';

export interface YamlEdit {
  /** The key of a map at the top of the file. */
  readonly section: string;
  /** Keys of that map, and what they are to be. */
  readonly values: Readonly<Record<string, number>>;
}

export type EditedYaml = { readonly text: string } | { readonly problem: string };

/**
 * Sets values in a YAML text and leaves every other byte as it is: comments, blank lines, quotes
 * and order. What cannot be done so (an alias, several documents) is a problem, not a guess: the
 * edited text is read again and must differ in those values only.
 */
export function editYaml(text: string, edit: YamlEdit): EditedYaml {
  const document = parseDocument(text);
  if (document.errors.length > 0) return { problem: document.errors[0]?.message ?? 'no YAML' };
  const splices = splicesOf(text, document, edit);
  if ('problem' in splices) return splices;
  const edited = applied(text, splices.splices);
  return isAsWanted(document, parseDocument(edited), edit)
    ? { text: edited }
    : { problem: `it is written in a way that cannot be edited around "${edit.section}"` };
}

/** Text that takes the place of a range; an empty range is an insertion. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

type Splices = { readonly splices: readonly Splice[] } | { readonly problem: string };

function splicesOf(text: string, document: Document.Parsed, edit: YamlEdit): Splices {
  const { section, values } = edit;
  const root = document.contents;
  if (!isMap(root)) return { problem: 'it is no map of keys' };
  const pair = pairOf(root, section);
  if (pair === undefined) return { splices: [newSection(text, root, edit)] };
  const { value } = pair;
  if (isMap(value) && value.items.length > 0) return intoMap(text, value, values);
  if (isMap(value)) return { splices: [spliceOver(value, flowMap(values))] };
  if (!isScalar(value) || value.value !== null) {
    return { problem: `"${section}" ${isAlias(value) ? 'is an alias' : 'is no map of keys'}` };
  }
  return { splices: [belowKey(text, pair, values)] };
}

function intoMap(text: string, map: YAMLMap, values: Readonly<Record<string, number>>): Splices {
  const splices: Splice[] = [];
  const missing: [string, number][] = [];
  for (const [key, value] of Object.entries(values)) {
    const pair = pairOf(map, key);
    if (pair === undefined) missing.push([key, value]);
    else if (!isScalar(pair.value)) return { problem: `"${key}" is no plain value` };
    else splices.push(valueSplice(pair, value));
  }
  return { splices: [...splices, ...insertion(text, map, missing)] };
}

/** `threads:` without anything behind it wants a blank. */
function valueSplice({ value }: Pair, wanted: number): Splice {
  const [from, to] = rangeOf(value);
  return { from, to, text: from === to ? ` ${wanted}` : String(wanted) };
}

/** New keys go behind the last one: in braces behind a comma, otherwise on lines of their own. */
function insertion(
  text: string,
  map: YAMLMap,
  missing: readonly (readonly [string, number])[],
): readonly Splice[] {
  const last = map.items.at(-1);
  const first = map.items[0];
  if (missing.length === 0 || last === undefined || first === undefined) return [];
  const at = rangeOf(last.value ?? last.key)[1];
  const words = missing.map(([key, value]) => `${key}: ${value}`);
  if (map.flow === true) return [insert(at, words.map((word) => `, ${word}`).join(''))];
  const indent = indentAt(text, rangeOf(first.key)[0]);
  return [
    newLines(
      text,
      at,
      words.map((word) => `${indent}${word}`),
    ),
  ];
}

function belowKey(text: string, { key }: Pair, values: Readonly<Record<string, number>>): Splice {
  const [from, to] = rangeOf(key);
  const indent = `${indentAt(text, from)}  `;
  return newLines(
    text,
    to,
    Object.entries(values).map(([name, value]) => `${indent}${name}: ${value}`),
  );
}

function newSection(text: string, root: YAMLMap, { section, values }: YamlEdit): Splice {
  const last = root.items.at(-1);
  if (root.flow === true && last !== undefined) {
    return insert(rangeOf(last.value ?? last.key)[1], `, ${section}: ${flowMap(values)}`);
  }
  const ending = newlineOf(text);
  const lines = Object.entries(values).map(([name, value]) => `  ${name}: ${value}${ending}`);
  const gap = text === '' || text.endsWith('\n') ? '' : ending;
  return insert(text.length, `${gap}${ending}${section}:${ending}${lines.join('')}`);
}

function flowMap(values: Readonly<Record<string, number>>): string {
  return `{ ${Object.entries(values)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')} }`;
}

/** Behind the line that `at` lies in, its comment included. */
function newLines(text: string, at: number, lines: readonly string[]): Splice {
  const ending = newlineOf(text);
  // What ends with a list or a block of text ends behind its last line break.
  const end = text[at - 1] === '\n' ? at - 1 : text.indexOf('\n', at);
  if (end < 0) return insert(text.length, lines.map((line) => `${ending}${line}`).join(''));
  return insert(end + 1, lines.map((line) => `${line}${ending}`).join(''));
}

function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** The blanks before a key that begins its line. */
function indentAt(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  return /^ */.exec(line)?.[0] ?? '';
}

function insert(at: number, text: string): Splice {
  return { from: at, to: at, text };
}

function spliceOver(node: Node, text: string): Splice {
  const [from, to] = rangeOf(node);
  return { from, to, text };
}

function applied(text: string, splices: readonly Splice[]): string {
  const ordered = [...splices].sort((a, b) => b.from - a.from);
  return ordered.reduce(
    (result, { from, to, text: put }) => result.slice(0, from) + put + result.slice(to),
    text,
  );
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

/** Where a node stands in the text; every node of a parsed document has one. */
function rangeOf(node: unknown): readonly [number, number] {
  const range = isNode(node) ? node.range : null;
  return range == null ? [0, 0] : [range[0], range[1]];
}

function isAsWanted(before: Document.Parsed, after: Document.Parsed, edit: YamlEdit): boolean {
  if (after.errors.length > 0) return false;
  const wanted = plain(before);
  const section = plainOf(wanted[edit.section]);
  const expected = { ...wanted, [edit.section]: { ...section, ...edit.values } };
  return sameJson(expected, plain(after));
}

function plain(document: Document.Parsed): Record<string, unknown> {
  return plainOf(document.toJS({ maxAliasCount: 50 }));
}

function plainOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Whatever the order of the keys. */
function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inside]) => [key, sorted(inside)]);
}
