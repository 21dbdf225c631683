/** Where a text stops being JSON. */
export interface JsonFault {
  readonly at: number;
  /** The value was whole before. */
  readonly isBehind: boolean;
}

/** The first place that `JSON.parse` stumbles over, on any engine; null when there is none. */
export function findJsonFault(text: string): JsonFault | null {
  const walk: Walk = { open: [], expected: 'value' };
  let at = afterSpace(text, 0);
  while (at < text.length) {
    const length = tokenLength(text, at);
    const token = length === 0 ? '' : text.charAt(at);
    if (length === 0 || !take(walk, token)) return { at, isBehind: walk.expected === 'end' };
    at = afterSpace(text, at + length);
  }
  return walk.expected === 'end' ? null : { at, isBehind: false };
}

/**
 * One line for the author of bytes that are no JSON. Only their beginning is looked at: what is
 * wrong shall not cost more than what is right.
 */
export function whyNoJson(bytes: Uint8Array, maxBytes = defaultMaxBytes): string {
  if (bytes.length === 0) return 'is empty';
  const isCut = bytes.length > maxBytes;
  const text = lenient.decode(isCut ? bytes.subarray(0, maxBytes) : bytes);
  if (text.startsWith('\ufeff')) return 'cannot be parsed: it begins with a byte order mark';
  const fault = findJsonFault(text);
  // The last token of a cut text may be cut itself.
  const isBeyond = fault === null || /^(?:$|"|[^\s,:[\]{}]{0,9}$)/.test(text.slice(fault.at));
  if (isCut && isBeyond) return 'cannot be parsed';
  return fault === null ? 'is not UTF-8' : reasonOf(text, fault);
}

/** True when binary data follows a JSON value at once: the sender did not say where that ends. */
export function hasTail(bytes: Uint8Array, maxBytes = defaultMaxBytes): boolean {
  const text = lenient.decode(bytes.subarray(0, maxBytes));
  return findJsonFault(text)?.isBehind === true;
}

const defaultMaxBytes = 65_536;
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

function reasonOf(text: string, { at, isBehind }: JsonFault): string {
  if (at === text.length) return 'cannot be parsed: it ends before it is whole';
  const place = `cannot be parsed at character ${at}`;
  if (isBehind) return `${place}: the value ends before`;
  const [word] = /^-?(?:NaN|Infinity)/.exec(text.slice(at, at + 9)) ?? [];
  return word === undefined ? place : `${place}: JSON has no ${word}`;
}

type Expected = 'value' | 'element' | 'key' | 'member' | 'colon' | 'rest' | 'end';

interface Walk {
  /** What closes each array and object that is open. */
  readonly open: string[];
  expected: Expected;
}

/** By the first character of a token; false when it has no place there. */
function take(walk: Walk, token: string): boolean {
  switch (walk.expected) {
    case 'value':
      return takeValue(walk, token);
    case 'element':
      return takeClose(walk, token) || takeValue(walk, token);
    case 'member':
      return takeClose(walk, token) || takeKey(walk, token);
    case 'key':
      return takeKey(walk, token);
    case 'colon':
      return token === ':' && expect(walk, 'value');
    case 'rest':
      if (token !== ',') return takeClose(walk, token);
      return expect(walk, walk.open.at(-1) === '}' ? 'key' : 'value');
    case 'end':
      return false;
  }
}

function takeValue(walk: Walk, token: string): boolean {
  if ('}],:'.includes(token)) return false;
  if (token !== '{' && token !== '[') return expectRest(walk);
  walk.open.push(token === '{' ? '}' : ']');
  return expect(walk, token === '{' ? 'member' : 'element');
}

function takeKey(walk: Walk, token: string): boolean {
  return token === '"' && expect(walk, 'colon');
}

function takeClose(walk: Walk, token: string): boolean {
  if (token !== walk.open.at(-1)) return false;
  walk.open.pop();
  return expectRest(walk);
}

function expectRest(walk: Walk): boolean {
  return expect(walk, walk.open.length === 0 ? 'end' : 'rest');
}

function expect(walk: Walk, expected: Expected): boolean {
  walk.expected = expected;
  return true;
}

const space = /[ \t\n\r]*/y;

function afterSpace(text: string, at: number): number {
  space.lastIndex = at;
  space.test(text);
  return space.lastIndex;
}

const token =
  // Control characters are what strings may not hold.
  // oxlint-disable-next-line no-control-regex
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|[[\]{},:]/y;

/** 0: no token of JSON begins there. */
function tokenLength(text: string, at: number): number {
  token.lastIndex = at;
  return token.test(text) ? token.lastIndex - at : 0;
}
